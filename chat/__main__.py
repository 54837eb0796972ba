"""python -m chat: the command line, from which everything else is imported."""

import gc


def main() -> None:
    """Without the collector while a thousand modules are made: it would find nothing, and take a third of the time."""
    gc.disable()
    from chat.cli.main import main

    gc.freeze()
    gc.enable()
    main(prog_name="python -m chat")


if __name__ == "__main__":
    main()
