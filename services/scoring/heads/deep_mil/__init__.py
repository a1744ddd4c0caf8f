"""Deep MIL ranking (Sultani et al., CVPR 2018)."""
