// cli/graph_drawing.h: a compiled definition as a tree, Mermaid, dot, SVG or JSON.

#pragma once

#include <string>

#include "graph/graph.h"

namespace weft::cli {

// Each node stands below the one of its dependencies that is applied last; others that it reads are
// named behind it.
[[nodiscard]] std::string tree_drawing(const graph::Graph& graph, bool coloured);
[[nodiscard]] std::string mermaid_drawing(const graph::Graph& graph);
[[nodiscard]] std::string dot_drawing(const graph::Graph& graph);
// A page of its own: layers from top to bottom, an arrow from what is read to what reads it.
[[nodiscard]] std::string svg_drawing(const graph::Graph& graph);
[[nodiscard]] Value graph_value(const graph::Graph& graph);

}  // namespace weft::cli
