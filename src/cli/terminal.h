// cli/terminal.h: writing for people: colours and redrawing on a terminal, plain lines elsewhere.

#pragma once

#include <string>
#include <string_view>

namespace weft::cli {

enum class Colour { none, green, yellow, red, blue, dim, bold };

// Whether standard output is a terminal on which lines can be drawn over (TERM=dumb says no).
[[nodiscard]] bool is_terminal();
// And whether it takes colours: NO_COLOR says no.
[[nodiscard]] bool is_coloured();
[[nodiscard]] int terminal_width();
[[nodiscard]] int terminal_height();

// The text in a colour if `coloured`, else as it is.
[[nodiscard]] std::string paint(std::string_view text, Colour colour, bool coloured);

// The line's beginning that fits `width` columns; escape sequences take none and stay whole.
[[nodiscard]] std::string clip(std::string_view line, int width);

// To standard output, flushed. False if nobody reads it any more.
bool print(std::string_view text);
// Whether everything that print() and std::cout were given has gone out; if not, says so on
// standard error once (nothing where only the reader is gone).
[[nodiscard]] bool finish_output();
// To standard error.
void complain(std::string_view text);

// A block of lines at the bottom that is drawn over itself.
class LiveBlock {
public:
    void draw(const std::string& text);
    // Leaves what is drawn and goes on below it.
    void finish();

private:
    int lines_ = 0;
};

}  // namespace weft::cli
