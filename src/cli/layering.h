// cli/layering.h: where the boxes of a graph stand on a page: layers from top to bottom.

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

struct Box {
    double width = 0;
    double height = 0;
    std::vector<size_t> needs;  // boxes that must stand above; no cycles
    // Set by lay_out: the middle of the box.
    double x = 0;
    double y = 0;
    size_t layer = 0;
};

struct Point {
    double x = 0;
    double y = 0;
};

// The way of one edge, from the lower middle of what is needed to the upper middle of what needs
// it, through points that keep it clear of the boxes between.
struct Route {
    size_t from = 0;
    size_t to = 0;
    std::vector<Point> points;
};

struct Layout {
    double width = 0;
    double height = 0;
    std::vector<Route> routes;
};

// Sugiyama's method: a box stands one layer below the lowest box that it needs; edges over several
// layers get a place in each; the order within a layer is swept by barycentres until crossings stop
// falling; places are then moved towards their neighbours as far as boxes allow. The same boxes
// give the same layout.
[[nodiscard]] Layout lay_out(std::vector<Box>* boxes);

}  // namespace weft::cli
