// cli/graph_drawing.cc: one function for each form.

#include "cli/graph_drawing.h"

#include <algorithm>
#include <cmath>

#include "cli/layering.h"
#include "cli/report.h"
#include "cli/terminal.h"

namespace weft::cli {

namespace {

using graph::Graph;
using graph::Node;
using graph::NodeType;

std::string_view type_word(NodeType type) {
    switch (type) {
        case NodeType::resource:
            return "resource";
        case NodeType::collection:
            return "collection";
        case NodeType::external:
            return "external";
        case NodeType::external_collection:
            return "external collection";
        case NodeType::def:
            return "value";
        case NodeType::def_collection:
            return "values";
    }
    return "";
}

// "ConfigMap"; a value has no kind.
std::string_view kind_word(const Node& node) {
    return node.is_def() ? "value" : std::string_view(node.kind.kind);
}

// What a reader should know of a node besides its kind: "for each, if, external".
std::vector<std::string> marks_of(const Node& node) {
    std::vector<std::string> out;
    if (node.type == NodeType::def_collection) {
        out.emplace_back("for each");
    } else if (node.type != NodeType::resource && node.type != NodeType::def) {
        out.emplace_back(type_word(node.type));
    }
    if (!node.include_when.empty()) {
        out.emplace_back("conditional");
    }
    if (!node.ready_when.empty()) {
        out.emplace_back("readyWhen");
    }
    return out;
}

class TreeDrawing {
public:
    TreeDrawing(const Graph& graph, bool coloured) : graph_(graph), coloured_(coloured) {
        for (const Node& node : graph.nodes) {
            const Node* parent = nullptr;
            for (const std::string& id : node.dependencies) {
                const Node* dependency = graph.find(id);
                // Nodes stand in topological order, so a later one is nearer.
                if (dependency != nullptr && (parent == nullptr || dependency > parent)) {
                    parent = dependency;
                }
            }
            parents_.push_back(parent);
        }
    }

    std::string run() {
        append(out_,
               paint(cat(graph_.instance_kind.kind, " (", graph_.instance_kind.api_version(), ")"),
                     Colour::bold, coloured_),
               "\n");
        draw_children(nullptr, "");
        return std::move(out_);
    }

private:
    void draw_children(const Node* parent, const std::string& indent) {
        std::vector<const Node*> children;
        for (size_t i = 0; i < parents_.size(); ++i) {
            if (parents_[i] == parent) {
                children.push_back(&graph_.nodes[i]);
            }
        }
        for (size_t i = 0; i < children.size(); ++i) {
            const bool is_last = i + 1 == children.size();
            append(out_, indent, is_last ? "└─ " : "├─ ", label_of(*children[i], parent), "\n");
            // Depth is at most the number of nodes, which the compiler has walked already.
            draw_children(children[i], indent + (is_last ? "   " : "│  "));
        }
    }

    [[nodiscard]] std::string label_of(const Node& node, const Node* parent) const {
        std::string out =
            cat(paint(node.id, Colour::blue, coloured_), "  ", kind_word(node),
                node.is_def() ? std::string() : cat(" (", node.kind.api_version(), ")"));
        const std::vector<std::string> marks = marks_of(node);
        if (!marks.empty()) {
            append(out, "  ", paint(cat("[", join(marks, ", "), "]"), Colour::dim, coloured_));
        }
        std::vector<std::string> others;
        for (const std::string& id : node.dependencies) {
            if (parent == nullptr || id != parent->id) {
                others.push_back(id);
            }
        }
        if (!others.empty()) {
            append(out, "  ",
                   paint(cat("also reads ", join(others, ", ")), Colour::dim, coloured_));
        }
        return out;
    }

    const Graph& graph_;
    bool coloured_;
    std::vector<const Node*> parents_;
    std::string out_;
};

// Tenths are enough for a picture, and short.
std::string number(double value) {
    return format_double(std::round(value * 10) / 10);
}

// Of a sans-serif letter of 13 pixels on average, widest letters counted in.
constexpr double letter_width = 7.6;

struct Look {
    std::string_view fill;
    std::string_view stroke;
};

Look look_of(NodeType type) {
    switch (type) {
        case NodeType::resource:
            return {"#eef4ff", "#3b6fb6"};
        case NodeType::collection:
            return {"#effaf0", "#3d8b4f"};
        case NodeType::external:
        case NodeType::external_collection:
            return {"#f6f6f6", "#808080"};
        case NodeType::def:
        case NodeType::def_collection:
            return {"#fff8e6", "#a67c1b"};
    }
    return {"#ffffff", "#000000"};
}

void draw_route(std::string& out, const Route& route) {
    append(out, "  <path class=\"edge\" d=\"M ", number(route.points[0].x), " ",
           number(route.points[0].y));
    for (size_t i = 1; i < route.points.size(); ++i) {
        const Point& from = route.points[i - 1];
        const Point& to = route.points[i];
        // Leaves and arrives upright, so that edges are told apart at boxes.
        const double half = (to.y - from.y) / 2;
        append(out, " C ", number(from.x), " ", number(from.y + half), " ", number(to.x), " ",
               number(to.y - half), " ", number(to.x), " ", number(to.y));
    }
    append(out, "\" marker-end=\"url(#arrow)\"/>\n");
}

// Several boxes behind each other stand for a collection.
void draw_node(std::string& out, const Node& node, const Box& box) {
    const Look look = look_of(node.type);
    const double left = box.x - box.width / 2;
    const double top = box.y - box.height / 2;
    const bool is_many = node.is_list();
    const auto rectangle = [&](double shift) {
        append(out, "  <rect x=\"", number(left + shift), "\" y=\"", number(top - shift),
               "\" width=\"", number(box.width), "\" height=\"", number(box.height),
               "\" rx=\"6\" fill=\"", look.fill, "\" stroke=\"", look.stroke, "\"",
               node.include_when.empty() ? "" : " stroke-dasharray=\"5 3\"", "/>\n");
    };
    append(out, "  <g><title>",
           escape_markup(node.is_def()
                             ? cat(node.id, ": value")
                             : cat(node.id, ": ", node.kind.kind, " ", node.kind.api_version())),
           "</title>\n");
    if (is_many) {
        rectangle(4);
    }
    rectangle(0);
    const auto line = [&](double y, std::string_view style, std::string_view text) {
        append(out, "  <text x=\"", number(box.x), "\" y=\"", number(top + y), "\" class=\"", style,
               "\">", escape_markup(text), "</text>\n");
    };
    line(19, "id", node.id);
    line(36, "kind", kind_word(node));
    if (const std::vector<std::string> marks = marks_of(node); !marks.empty()) {
        line(51, "mark", join(marks, ", "));
    }
    append(out, "  </g>\n");
}

}  // namespace

std::string tree_drawing(const Graph& graph, bool coloured) {
    return TreeDrawing(graph, coloured).run();
}

std::string mermaid_drawing(const Graph& graph) {
    std::string out = "flowchart TD\n";
    const auto escaped = [](std::string_view text) { return replace_all(text, "\"", "#quot;"); };
    for (const Node& node : graph.nodes) {
        std::string label = cat(node.id, "<br/>", kind_word(node));
        if (const std::vector<std::string> marks = marks_of(node); !marks.empty()) {
            append(label, "<br/>", join(marks, ", "));
        }
        // "end" and the like are words of Mermaid: ids get a letter in front.
        const std::string id = cat("n_", node.id);
        if (node.is_external()) {
            append(out, "    ", id, "([\"", escaped(label), "\"])\n");
        } else if (node.type == NodeType::collection) {
            append(out, "    ", id, "[[\"", escaped(label), "\"]]\n");
        } else {
            append(out, "    ", id, "[\"", escaped(label), "\"]\n");
        }
    }
    for (const Node& node : graph.nodes) {
        for (const std::string& id : node.dependencies) {
            append(out, "    n_", id, " --> n_", node.id, "\n");
        }
    }
    return out;
}

std::string dot_drawing(const Graph& graph) {
    std::string out = cat("digraph ", quote(graph.instance_kind.kind),
                          " {\n    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    for (const Node& node : graph.nodes) {
        std::string label = cat(node.id, "\\n", kind_word(node));
        if (const std::vector<std::string> marks = marks_of(node); !marks.empty()) {
            append(label, "\\n", join(marks, ", "));
        }
        append(out, "    ", quote(node.id), " [label=\"", label, "\"");
        if (node.is_list()) {
            out += ", peripheries=2";
        }
        if (node.is_external()) {
            out += ", color=gray50";
        }
        if (!node.include_when.empty()) {
            out += ", style=\"rounded,dashed\"";
        }
        out += "];\n";
    }
    for (const Node& node : graph.nodes) {
        for (const std::string& id : node.dependencies) {
            append(out, "    ", quote(id), " -> ", quote(node.id), ";\n");
        }
    }
    out += "}\n";
    return out;
}

std::string svg_drawing(const Graph& graph) {
    std::vector<Box> boxes;
    for (const Node& node : graph.nodes) {
        const std::string marks = join(marks_of(node), ", ");
        const size_t letters = std::max(node.id.size(), kind_word(node).size());
        Box box;
        box.width = std::max({static_cast<double>(letters) * letter_width + 28,
                              static_cast<double>(marks.size()) * letter_width * 0.8 + 24, 96.0});
        box.height = marks.empty() ? 46 : 62;
        for (const std::string& id : node.dependencies) {
            const Node* dependency = graph.find(id);
            box.needs.push_back(static_cast<size_t>(dependency - graph.nodes.data()));
        }
        boxes.push_back(std::move(box));
    }
    const Layout layout = lay_out(&boxes);
    const std::string title =
        cat(graph.instance_kind.kind, " (", graph.instance_kind.api_version(), ")");
    constexpr double title_height = 34;
    const double width =
        std::max(layout.width, static_cast<double>(title.size()) * letter_width * 1.2 + 40);
    const double shift = (width - layout.width) / 2;
    std::string out = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", number(width),
                          "\" height=\"", number(layout.height + title_height), "\" viewBox=\"0 0 ",
                          number(width), " ", number(layout.height + title_height), "\">\n");
    append(out, "  <title>", escape_markup(title),
           "</title>\n"
           "  <style>text{font-family:Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1c2733}"
           ".name{font-size:16px;font-weight:bold}.id{font-size:13px;font-weight:bold}"
           ".kind{font-size:13px}.mark{font-size:10.5px;fill:#56606b}"
           ".edge{fill:none;stroke:#7a8794;stroke-width:1.4}</style>\n"
           "  <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" "
           "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M 0 0.5 L 8 4 L 0 7.5 "
           "z\" fill=\"#7a8794\"/></marker></defs>\n"
           "  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    append(out, "  <text class=\"name\" x=\"", number(width / 2), "\" y=\"26\">",
           escape_markup(title), "</text>\n");
    append(out, "  <g transform=\"translate(", number(shift), " ", number(title_height), ")\">\n");
    for (const Route& route : layout.routes) {
        draw_route(out, route);
    }
    for (size_t i = 0; i < boxes.size(); ++i) {
        draw_node(out, graph.nodes[i], boxes[i]);
    }
    out += "  </g>\n</svg>\n";
    return out;
}

Value graph_value(const Graph& graph) {
    Value nodes = Value::list();
    for (const Node& node : graph.nodes) {
        Value needs = Value::list();
        for (const std::string& id : node.dependencies) {
            needs.push_back(id);
        }
        nodes.push_back(Value::map_of({{"id", node.id},
                                       {"type", type_word(node.type)},
                                       {"apiVersion", node.kind.api_version()},
                                       {"kind", node.kind.kind},
                                       {"namespaced", node.namespaced},
                                       {"applyOrder", node.apply_order},
                                       {"conditional", !node.include_when.empty()},
                                       {"hasReadyWhen", !node.ready_when.empty()},
                                       {"dependencies", std::move(needs)}}));
    }
    return Value::map_of({{"definition", graph.definition_name},
                          {"apiVersion", graph.instance_kind.api_version()},
                          {"kind", graph.instance_kind.kind},
                          {"nodes", std::move(nodes)}});
}

}  // namespace weft::cli
