"""Figures and Table 8 of the paper (Maxson et al., JCIM 2025), made of the results of many runs."""

from __future__ import annotations

from ms25_suite.campaign.paper.writer import write_paper_report

__all__ = ["write_paper_report"]
