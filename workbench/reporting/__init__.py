"""Parameters, kernels, HTML template, gate and publishing of report notebooks."""
