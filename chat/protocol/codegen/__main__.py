"""python -m chat.protocol.codegen: writes the generated files; --check only names those that are out of date."""

import sys

from chat.protocol.codegen.files import main

sys.exit(main(sys.argv[1:]))
