// cli/terminal.cc: escape sequences.

#include "cli/terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/base.h"

namespace weft::cli {

namespace {

winsize window() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        size.ws_col = 80;
        size.ws_row = 24;
    }
    return size;
}

std::string_view escape_of(Colour colour) {
    switch (colour) {
        case Colour::green:
            return "\x1b[32m";
        case Colour::yellow:
            return "\x1b[33m";
        case Colour::red:
            return "\x1b[31m";
        case Colour::blue:
            return "\x1b[36m";
        case Colour::dim:
            return "\x1b[2m";
        case Colour::bold:
            return "\x1b[1m";
        case Colour::none:
            break;
    }
    return "";
}

}  // namespace

bool is_terminal() {
    const char* term = std::getenv("TERM");
    const char* no_colour = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0') &&
           (term == nullptr || std::string_view(term) != "dumb");
}

int terminal_width() {
    return window().ws_col;
}

int terminal_height() {
    return window().ws_row;
}

std::string paint(std::string_view text, Colour colour, bool coloured) {
    if (!coloured || colour == Colour::none) {
        return std::string(text);
    }
    return cat(escape_of(colour), text, "\x1b[0m");
}

bool print(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0;
}

void complain(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void LiveBlock::draw(const std::string& text) {
    std::string out;
    if (lines_ > 0) {
        append(out, "\x1b[", lines_, "A");
    }
    lines_ = 0;
    // What does not fit the window cannot be drawn over: show its beginning.
    const int room = std::max(terminal_height() - 1, 1);
    for (const std::string_view line : split(text, '\n')) {
        if (lines_ == room) {
            break;
        }
        append(out, "\x1b[2K", line, "\n");
        ++lines_;
    }
    out += "\x1b[J";
    print(out);
}

void LiveBlock::finish() {
    lines_ = 0;
}

}  // namespace weft::cli
