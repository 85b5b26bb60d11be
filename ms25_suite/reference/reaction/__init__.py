"""CH4 on Pt(111), labelled with ReaxFF."""
