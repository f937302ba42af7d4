"""Panels to explore with in JupyterLab; needs the extra ``lab``, and no network."""
