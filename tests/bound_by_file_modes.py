"""Runs the command it is given without root's right to overlook file modes."""

import ctypes
import os
import sys

if os.geteuid() == 0:
    for overriding in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        assert ctypes.CDLL(None).prctl(24, overriding, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execvp(sys.argv[1], sys.argv[1:])
