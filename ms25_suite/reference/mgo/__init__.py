"""MgO(100) slabs, labelled with the Lewis-Catlow potential."""
