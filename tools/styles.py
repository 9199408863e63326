r"""Lists the styles that come with the program.

    fast-depth-style styles

Stylize takes each, or a blend: --style=great_wave:0.7,udnie:0.3. A sheet of a
photo in all of them: fast-depth-style compare photo.jpg.
"""

from fast_depth_style.exporting.shipped_card import shipped_card
from fast_depth_style.tools import program


def main() -> None:
    """Prints names and paintings."""
    card = shipped_card()
    width = max(map(len, card["network"]["styles"]))
    for name in card["network"]["styles"]:
        print(f"{name:{width}}  {card['paintings'][name]}")


if __name__ == "__main__":
    program.run(main)
