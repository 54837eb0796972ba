"""python -m chat: starts the command line."""

import gc


def main() -> None:
    """Run the command line. The garbage collector is off while about a thousand modules are imported: it would find
    nothing and take a third of the start."""
    gc.disable()
    from chat.cli.main import main

    gc.freeze()
    gc.enable()
    main(prog_name="python -m chat")


if __name__ == "__main__":
    main()
