// cli/yaml_layout.cc: a document as a tree of line ranges, written out again.
//
// The reader tells where every key and value begins; what lies between is comments, blank lines and
// the rest of a value. So entries can be moved and shifted without a second parser: what is written
// is read again, and taken only if it means the same.

#include "cli/yaml_layout.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "object/object.h"

namespace weft::cli {

namespace {

using Names = std::span<const std::string_view>;

constexpr auto root_order =
    std::to_array<std::string_view>({"apiVersion", "kind", "metadata", "spec"});
constexpr auto metadata_order =
    std::to_array<std::string_view>({"name", "generateName", "namespace", "labels", "annotations"});
constexpr auto spec_order = std::to_array<std::string_view>({"schema", "resources"});
constexpr auto schema_order = std::to_array<std::string_view>(
    {"apiVersion", "kind", "group", "scope", "spec", "types", "status", "additionalPrinterColumns",
     "shortNames", "categories", "metadata"});
constexpr auto entry_order = std::to_array<std::string_view>(
    {"id", "forEach", "includeWhen", "readyWhen", "externalRef", "template"});

size_t rank_of(Names names, std::string_view name) {
    return static_cast<size_t>(std::ranges::find(names, name) - names.begin());
}

// The order of the members at a path; empty: as they stand.
Names order_at(const Path& path, bool is_definition) {
    const std::vector<PathStep>& steps = path.steps();
    const auto name_at = [&steps](size_t i) {
        const auto* name = i < steps.size() ? std::get_if<std::string>(&steps[i]) : nullptr;
        return name == nullptr ? std::string_view() : std::string_view(*name);
    };
    if (steps.empty()) {
        return root_order;
    }
    if (steps.size() == 1 && name_at(0) == "metadata") {
        return metadata_order;
    }
    if (!is_definition || name_at(0) != "spec") {
        return {};
    }
    if (steps.size() == 1) {
        return spec_order;
    }
    if (steps.size() == 2 && name_at(1) == "schema") {
        return schema_order;
    }
    if (name_at(1) != "resources") {
        return {};
    }
    if (steps.size() == 3) {
        return entry_order;
    }
    const bool is_object = name_at(3) == "template" || name_at(3) == "externalRef";
    if (is_object && steps.size() == 4) {
        return root_order;
    }
    return is_object && steps.size() == 5 && name_at(4) == "metadata" ? Names(metadata_order)
                                                                      : Names();
}

std::string_view without_end_blanks(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

size_t indent_of(std::string_view line) {
    const size_t at = line.find_first_not_of(' ');
    return at == std::string_view::npos ? line.size() : at;
}

bool is_blank(std::string_view line) {
    return trim(line).empty();
}

bool is_comment(std::string_view line) {
    return trim(line).starts_with('#');
}

bool is_document_mark(std::string_view line) {
    return (line.starts_with("---") || line.starts_with("...")) &&
           (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

using Lines = std::vector<std::string>;

// One document. Line numbers count from 1, as places do.
class DocumentLayout {
public:
    DocumentLayout(const std::vector<std::string_view>& lines, const YamlDocument& document,
                   size_t end_line)
        : lines_(lines), document_(document), nodes_(document.nodes), end_line_(end_line) {
        is_definition_ = document.value.is_map() &&
                         document.value.string_at("kind") == "ResourceGraphDefinition";
    }

    // The lines, or why the document cannot be laid out anew.
    std::expected<Lines, std::string> run() {
        if (!document_.value.is_map() || is_flow(0)) {
            return std::unexpected("it is not a map in block style");
        }
        children_.resize(nodes_.size());
        leading_.resize(nodes_.size());
        trailing_.resize(nodes_.size());
        is_leaf_.resize(nodes_.size());
        end_.resize(nodes_.size());
        if (const std::string trouble = find_structure(); !trouble.empty()) {
            return std::unexpected(trouble);
        }
        share_comments();
        Lines out;
        write_map(0, 0, Path(), &out);
        for (const std::string& line : last_) {
            add_comment(line, 0, &out);
        }
        while (!out.empty() && out.back().empty()) {
            out.pop_back();
        }
        return out;
    }

private:
    // A value that is missing at the end of a document lies behind its last line.
    [[nodiscard]] std::string_view line(size_t number) const {
        return number <= lines_.size() ? lines_[number - 1] : std::string_view();
    }
    [[nodiscard]] char value_char(size_t node) const {
        const std::string_view text = line(nodes_[node].value_line);
        const size_t column = nodes_[node].value_column - 1;
        return column < text.size() ? text[column] : '\0';
    }
    [[nodiscard]] bool is_flow(size_t node) const {
        const char c = value_char(node);
        return c == '{' || c == '[';
    }
    [[nodiscard]] const Value* value_of(size_t node) const {
        if (node == 0) {
            return &document_.value;
        }
        const Value* parent = value_of(nodes_[node].parent);
        if (parent == nullptr) {
            return nullptr;
        }
        const size_t position = nodes_[node].position;
        if (parent->is_map()) {
            return position < parent->size() ? &parent->members()[position].value : nullptr;
        }
        return parent->is_list() && position < parent->size() ? &parent->at(position) : nullptr;
    }

    // Children, leaves, and where each leaf ends. "" or why not.
    std::string find_structure() {
        std::vector<bool> is_in_flow(nodes_.size());
        for (size_t i = 0; i < nodes_.size(); ++i) {
            const size_t parent = nodes_[i].parent;
            if (i > 0 && (is_in_flow[parent] || (is_leaf_[parent] && parent != i))) {
                is_in_flow[i] = true;
                continue;
            }
            const char c = value_char(i);
            if (c == '&' || c == '*' || c == '!') {
                return "it uses an anchor, an alias or a tag";
            }
            const Value* value = value_of(i);
            if (value == nullptr) {
                return "it uses a merge";
            }
            const bool is_collection = value->is_map() || value->is_list();
            is_leaf_[i] = !is_collection || is_flow(i);
            if (i > 0) {
                children_[parent].push_back(i);
            }
            std::string_view before = line(nodes_[i].line).substr(0, nodes_[i].column - 1);
            before = before.substr(std::min(indent_of(before), before.size()));
            if (i > 0 &&
                !std::ranges::all_of(before, [](char b) { return b == '-' || b == ' '; })) {
                return "a key or an item does not begin its line";
            }
        }
        for (size_t i = 0; i < nodes_.size(); ++i) {
            if (is_leaf_[i] && !is_in_flow[i]) {
                end_[i] = leaf_end(i, next_line(i));
            }
        }
        order_.clear();
        for (size_t i = 1; i < nodes_.size(); ++i) {
            if (!is_in_flow[i]) {
                order_.push_back(i);
            }
        }
        return "";
    }

    // The line on which the next node that is not inside this one begins.
    [[nodiscard]] size_t next_line(size_t node) const {
        for (size_t i = node + 1; i < nodes_.size(); ++i) {
            size_t parent = i;
            while (parent > node) {
                parent = nodes_[parent].parent;
            }
            if (parent != node) {
                return nodes_[i].line;
            }
        }
        return end_line_ + 1;
    }

    [[nodiscard]] size_t leaf_end(size_t node, size_t next) const {
        const char c = value_char(node);
        const size_t start = nodes_[node].value_line;
        if (c == '|' || c == '>') {
            const bool keeps_blanks =
                line(start).substr(nodes_[node].value_column - 1, 3).contains('+');
            size_t end = start;
            std::optional<size_t> indent;
            for (size_t i = start + 1; i < next; ++i) {
                if (is_blank(line(i))) {
                    end = keeps_blanks ? i : end;
                    continue;
                }
                const size_t here = indent_of(line(i));
                if (!indent) {
                    indent = here;
                    if (here <= base_indent(node)) {
                        break;  // an empty text, and a comment behind it
                    }
                }
                if (here < *indent && is_comment(line(i))) {
                    break;
                }
                end = i;
            }
            return end;
        }
        size_t end = start;
        for (size_t i = start + 1; i < next; ++i) {
            if (!is_blank(line(i)) && !is_comment(line(i))) {
                end = i;
            }
        }
        return end;
    }

    // The indentation that the lines of a block text must exceed.
    [[nodiscard]] size_t base_indent(size_t node) const {
        return indent_of(line(nodes_[node].line));
    }

    // Blank lines and comments go to the entry that follows, or, where they are indented deeper, to
    // the end of the block that they stand in.
    void share_comments() {
        size_t done = nodes_[0].line - 1;
        size_t previous = 0;
        for (const size_t i : order_) {
            const auto& node = nodes_[i];
            if (node.line > done) {
                share_gap(done + 1, node.line - 1, previous, i);
                done = node.line;
            }
            if (is_leaf_[i]) {
                done = std::max(done, end_[i]);
            }
            previous = i;
        }
        share_gap(done + 1, end_line_, previous, 0);
    }

    void share_gap(size_t from, size_t to, size_t previous, size_t next) {
        const size_t limit = next == 0 ? 0 : key_column(next);
        for (size_t i = from; i <= to; ++i) {
            const std::string text(trim(line(i)));
            if (!text.empty() && indent_of(line(i)) > limit && previous != 0 &&
                leading_[next].empty()) {
                if (const size_t owner = block_at(previous, indent_of(line(i)), limit, next)) {
                    trailing_[owner].push_back(text);
                    continue;
                }
            }
            (next == 0 ? last_ : leading_[next]).push_back(text);
        }
    }

    // Where an entry begins: of an item, its dash.
    [[nodiscard]] size_t key_column(size_t node) const {
        const Value* parent = value_of(nodes_[node].parent);
        if (parent->is_list()) {
            return dash_column(node);
        }
        return nodes_[node].column - 1;
    }
    [[nodiscard]] size_t dash_column(size_t node) const {
        const std::string_view text = line(nodes_[node].line).substr(0, nodes_[node].column - 1);
        const size_t dash = text.rfind('-');
        return dash == std::string_view::npos ? 0 : dash;
    }

    // The entry around `node` (or itself) among whose siblings a comment at this indentation
    // stands; 0 if it stands before `next` or in no block that has ended.
    [[nodiscard]] size_t block_at(size_t node, size_t indent, size_t limit, size_t next) const {
        for (size_t at = node; at != 0; at = nodes_[at].parent) {
            const size_t column = key_column(at);
            if (column <= indent) {
                return column >= limit && !is_inside(next, at) ? at : 0;
            }
        }
        return 0;
    }
    [[nodiscard]] bool is_inside(size_t node, size_t outer) const {
        while (node > outer) {
            node = nodes_[node].parent;
        }
        return node == outer;
    }

    static void add_comment(const std::string& text, size_t indent, Lines* out) {
        if (text.empty()) {
            if (!out->empty() && !out->back().empty()) {
                out->emplace_back();
            }
            return;
        }
        out->push_back(std::string(indent, ' ') + text);
    }

    void write_comments(const Lines& comments, size_t indent, bool is_first, Lines* out) const {
        Lines block;
        for (const std::string& text : comments) {
            // A block does not begin with a blank line.
            if (text.empty() && (block.empty() ? is_first : block.back().empty())) {
                continue;
            }
            if (text.empty()) {
                block.emplace_back();
            } else {
                block.push_back(std::string(indent, ' ') + text);
            }
        }
        out->insert(out->end(), block.begin(), block.end());
    }

    void write_map(size_t node, size_t indent, const Path& path, Lines* out) {
        std::vector<size_t> members = children_[node];
        const Value& value = *value_of(node);
        const Names names = order_at(path, is_definition_);
        const auto name_of = [&](size_t child) {
            return value.members()[nodes_[child].position].name();
        };
        if (!names.empty()) {
            std::ranges::stable_sort(members, {},
                                     [&](size_t child) { return rank_of(names, name_of(child)); });
        }
        bool is_first = true;
        for (const size_t child : members) {
            write_comments(leading_[child], indent, is_first, out);
            write_member(child, indent, path.child(name_of(child)), out);
            write_comments(trailing_[child], indent, false, out);
            is_first = false;
        }
    }

    // A value that is not there begins right behind the colon or dash, before the blanks in front
    // of a comment.
    static std::string_view from_first_letter(std::string_view text) {
        return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
    }

    void write_member(size_t node, size_t indent, const Path& path, Lines* out) {
        const auto& at = nodes_[node];
        std::string_view text = line(at.line).substr(at.column - 1);
        std::string head;
        if (is_leaf_[node] && at.value_line == at.line && at.value_column > at.column) {
            const std::string_view key =
                without_end_blanks(text.substr(0, at.value_column - at.column));
            const std::string_view rest = from_first_letter(without_end_blanks(
                text.substr(std::min<size_t>(at.value_column - at.column, text.size()))));
            head = cat(key, rest.empty() ? "" : " ", rest);
        } else {
            head = without_end_blanks(text);
        }
        out->push_back(std::string(indent, ' ') + head);
        if (is_leaf_[node]) {
            write_rest(node, at.line + 1, at.column - 1, indent, out);
        } else if (value_of(node)->is_map()) {
            write_map(node, indent + 2, path, out);
        } else {
            write_list(node, indent + 2, path, out);
        }
    }

    // The further lines of a value, shifted with its first.
    void write_rest(size_t node, size_t from, size_t old_indent, size_t new_indent, Lines* out) {
        for (size_t i = from; i <= end_[node]; ++i) {
            std::string_view text = line(i);
            if (text.ends_with('\r')) {
                text.remove_suffix(1);
            }
            if (is_blank(text)) {
                out->emplace_back(value_char(node) == '|' || value_char(node) == '>'
                                      ? shifted_blank(text, old_indent, new_indent)
                                      : "");
                continue;
            }
            const size_t here = indent_of(text);
            const size_t wanted =
                here + new_indent > old_indent ? here + new_indent - old_indent : 0;
            out->push_back(std::string(wanted, ' ') + std::string(text.substr(here)));
        }
    }
    // Blanks beyond the indentation of a block text are part of it.
    static std::string shifted_blank(std::string_view text, size_t old_indent, size_t new_indent) {
        const size_t size = text.size() + new_indent;
        return size > old_indent + new_indent + 2 ? std::string(size - old_indent, ' ') : "";
    }

    void write_list(size_t node, size_t indent, const Path& path, Lines* out) {
        bool is_first = true;
        size_t index = 0;
        for (const size_t item : children_[node]) {
            write_comments(leading_[item], indent, is_first, out);
            write_item(item, indent, path.child(index++), out);
            write_comments(trailing_[item], indent, false, out);
            is_first = false;
        }
    }

    void write_item(size_t node, size_t indent, const Path& path, Lines* out) {
        const auto& at = nodes_[node];
        if (is_leaf_[node]) {
            const std::string_view text = from_first_letter(
                without_end_blanks(line(at.value_line).substr(at.value_column - 1)));
            out->push_back(cat(std::string(indent, ' '), text.empty() ? "-" : "- ", text));
            write_rest(node, at.value_line + 1, at.value_column - 1, indent + 2, out);
            return;
        }
        Lines inner;
        if (value_of(node)->is_map()) {
            write_map(node, indent + 2, path, &inner);
        } else {
            write_list(node, indent + 2, path, &inner);
        }
        // The first entry takes the dash; comments above it stand above the dash.
        bool has_dash = false;
        for (std::string& text : inner) {
            if (has_dash || text.empty()) {
                out->push_back(std::move(text));
            } else if (is_comment(text)) {
                out->push_back(text.substr(2));
            } else {
                text[indent] = '-';
                out->push_back(std::move(text));
                has_dash = true;
            }
        }
    }

    const std::vector<std::string_view>& lines_;
    const YamlDocument& document_;
    const std::vector<YamlDocument::Node>& nodes_;
    size_t end_line_;
    bool is_definition_ = false;
    std::vector<std::vector<size_t>> children_;
    std::vector<Lines> leading_;
    std::vector<Lines> trailing_;
    Lines last_;
    std::vector<bool> is_leaf_;
    std::vector<size_t> end_;    // the last line of a leaf
    std::vector<size_t> order_;  // nodes in document order, insides of flow collections left out
};

// Every line without blanks and dashes in front, sorted: what must be the same afterwards.
std::vector<std::string> fingerprint(std::span<const std::string_view> lines) {
    std::vector<std::string> out;
    for (std::string_view line : lines) {
        line = trim(line);
        while (line.starts_with("- ")) {
            line = trim(line.substr(2));
        }
        std::string dense;
        for (const char c : line) {
            if (c != ' ' && c != '\t') {
                dense += c;
            }
        }
        if (!dense.empty()) {
            out.push_back(std::move(dense));
        }
    }
    std::ranges::sort(out);
    return out;
}

std::string joined(const Lines& lines) {
    std::string out;
    for (const std::string& line : lines) {
        append(out, line, "\n");
    }
    return out;
}

// What once more changes is laid out so often at most: a comment in an unusual place may take two.
constexpr int rounds_max = 4;

// The document laid out anew, if that keeps its meaning and its comments and once more would change
// nothing.
std::expected<Lines, std::string> lay_out(const std::vector<std::string_view>& lines,
                                          const YamlDocument& document, size_t end_line) {
    const auto first = static_cast<size_t>(document.start.line);
    const std::span<const std::string_view> before(lines.data() + first - 1, end_line - first + 1);
    std::expected<Lines, std::string> out = DocumentLayout(lines, document, end_line).run();
    for (int round = 0; out && round < rounds_max; ++round) {
        const std::string text = joined(*out);
        const auto again = parse_yaml(text);
        const std::vector<std::string_view> after(out->begin(), out->end());
        if (!again || again->size() != 1 || again->front().value != document.value ||
            fingerprint(before) != fingerprint(after)) {
            break;
        }
        std::expected<Lines, std::string> twice =
            DocumentLayout(after, again->front(), after.size()).run();
        if (twice) {
            // Comments above the first entry are not the document's.
            const auto above = static_cast<ptrdiff_t>(again->front().start.line) - 1;
            twice->insert(twice->begin(), out->begin(), out->begin() + above);
            if (*twice == *out) {
                return out;
            }
        }
        out = std::move(twice);
    }
    return out ? std::unexpected("its layout is too unusual to be changed safely") : out;
}

// YAML 1.1 breaks lines at CR, NEL, LS and PS, too: where a text has one, the reader's lines are
// not those of `split`.
bool has_other_line_breaks(std::string_view text) {
    for (size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
        if (!text.substr(at + 1).starts_with('\n')) {
            return true;
        }
    }
    return text.contains("\xC2\x85") || text.contains("\xE2\x80\xA8") ||
           text.contains("\xE2\x80\xA9");
}

bool means(std::string_view text, const std::vector<YamlDocument>& wanted) {
    const Result<std::vector<YamlDocument>> read = parse_yaml(text);
    return read &&
           std::ranges::equal(*read, wanted, {}, &YamlDocument::value, &YamlDocument::value);
}

}  // namespace

Result<FormattedText> format_yaml(std::string_view text, const std::string& file) {
    const std::vector<YamlDocument> documents = TRY(parse_yaml(text, {.file = file}));
    FormattedText out;
    if (has_other_line_breaks(text)) {
        out.text = text;
        for (const YamlDocument& document : documents) {
            out.untouched.push_back(
                cat(to_text(document.start), ": its file has line breaks other than LF and CR LF"));
        }
        return out;
    }
    std::vector<std::string_view> lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    size_t next = 1;
    const auto copy_until = [&](size_t end) {
        for (; next <= end; ++next) {
            append(out.text, without_end_blanks(lines[next - 1]), "\n");
        }
    };
    for (const YamlDocument& document : documents) {
        const auto start = static_cast<size_t>(document.start.line);
        size_t end = start;
        while (end < lines.size() && !is_document_mark(lines[end])) {
            ++end;
        }
        copy_until(start - 1);
        const bool is_beside_mark = is_document_mark(lines[start - 1]);
        std::expected<Lines, std::string> laid_out =
            is_beside_mark ? std::unexpected("it begins on the line of its ---")
                           : lay_out(lines, document, end);
        if (laid_out) {
            out.text += joined(*laid_out);
            next = end + 1;
            continue;
        }
        out.untouched.push_back(cat(to_text(document.start), ": ", laid_out.error()));
        for (; next <= end; ++next) {
            append(out.text, lines[next - 1], "\n");
        }
    }
    copy_until(lines.size());
    // A block of text that ends a file without a last line break is another text with one.
    if (!text.ends_with('\n') && out.text.ends_with('\n') && !means(out.text, documents)) {
        out.text.pop_back();
    }
    return out;
}

}  // namespace weft::cli
