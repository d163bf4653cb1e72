"""What the command line's exit codes mean; `NbciError.exit_code` holds those of errors."""

PASSED = 0
NOT_PASSED = 1
INFRASTRUCTURE = 3
INTERRUPTED = 130
