// cli/terminal.cc: escape sequences.

#include "cli/terminal.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sys/ioctl.h>
#include <system_error>
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

// What the first write that failed met; 0: none did.
int& output_error() {
    static int number = 0;
    return number;
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
    return isatty(STDOUT_FILENO) != 0 && (term == nullptr || std::string_view(term) != "dumb");
}

bool is_coloured() {
    const char* no_colour = std::getenv("NO_COLOR");
    return is_terminal() && (no_colour == nullptr || *no_colour == '\0');
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

std::string clip(std::string_view line, int width) {
    std::string out;
    bool in_escape = false;
    int used = 0;
    for (const char byte : line) {
        if (byte == '\x1b') {
            in_escape = true;
        } else if (!in_escape && (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) {
            ++used;
        }
        // What ends a colour is kept also beyond the edge.
        if (in_escape || used <= width) {
            out += byte;
        }
        if (in_escape && byte == 'm') {
            in_escape = false;
        }
    }
    return out;
}

bool print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
        std::fflush(stdout) == 0) {
        return true;
    }
    output_error() = errno;
    return false;
}

bool finish_output() {
    if (output_error() == 0 && (!std::cout.flush() || std::fflush(stdout) != 0)) {
        output_error() = errno;
    }
    const int number = output_error();
    if (number != 0 && number != EPIPE) {
        complain(
            cat("weft: writing standard output: ", std::system_category().message(number), "\n"));
    }
    return number == 0;
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
    const int width = terminal_width();
    std::string_view rest = text;
    if (rest.ends_with('\n')) {
        rest.remove_suffix(1);
    }
    for (const std::string_view line : split(rest, '\n')) {
        if (lines_ == room) {
            break;
        }
        // A line that wraps is two for the terminal, and the next picture would begin too low.
        append(out, "\x1b[2K", clip(line, width), "\n");
        ++lines_;
    }
    out += "\x1b[J";
    print(out);
}

void LiveBlock::finish() {
    lines_ = 0;
}

}  // namespace weft::cli
