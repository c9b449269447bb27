// cli/layering.cc: layers, orders, places, routes.

#include "cli/layering.h"

#include <algorithm>
#include <numeric>

#include "cli/limits.h"

namespace weft::cli {

namespace {

constexpr double gap_x = 28;
constexpr double gap_y = 56;
constexpr double margin = 20;
constexpr double lane_width = 10;

// A box, or the place of an edge in a layer that it passes.
struct Slot {
    double width = 0;
    double x = 0;
    size_t layer = 0;
    double rank = 0;
    std::vector<size_t> above;
    std::vector<size_t> below;
};

class Layering {
public:
    explicit Layering(std::vector<Box>* boxes) : boxes_(*boxes) {}

    Layout run() {
        find_layers();
        make_slots();
        order();
        place();
        return finish();
    }

private:
    void find_layers() {
        // Boxes may come in any order; each round settles at least one more layer.
        for (size_t round = 0; round < boxes_.size(); ++round) {
            bool moved = false;
            for (Box& box : boxes_) {
                for (const size_t need : box.needs) {
                    if (box.layer <= boxes_[need].layer) {
                        box.layer = boxes_[need].layer + 1;
                        moved = true;
                    }
                }
            }
            if (!moved) {
                break;
            }
        }
        size_t last = 0;
        for (const Box& box : boxes_) {
            last = std::max(last, box.layer);
        }
        layers_.resize(boxes_.empty() ? 0 : last + 1);
    }

    void link(size_t upper, size_t lower) {
        slots_[upper].below.push_back(lower);
        slots_[lower].above.push_back(upper);
    }

    void make_slots() {
        for (const Box& box : boxes_) {
            layers_[box.layer].push_back(slots_.size());
            slots_.push_back({.width = box.width, .layer = box.layer});
        }
        for (size_t i = 0; i < boxes_.size(); ++i) {
            for (const size_t need : boxes_[i].needs) {
                std::vector<size_t> chain = {need};
                for (size_t layer = boxes_[need].layer + 1; layer < boxes_[i].layer; ++layer) {
                    layers_[layer].push_back(slots_.size());
                    chain.push_back(slots_.size());
                    slots_.push_back({.width = lane_width, .layer = layer});
                }
                chain.push_back(i);
                for (size_t at = 1; at < chain.size(); ++at) {
                    link(chain[at - 1], chain[at]);
                }
                chains_.push_back(std::move(chain));
            }
        }
        renumber();
    }

    void renumber() {
        for (const std::vector<size_t>& layer : layers_) {
            for (size_t i = 0; i < layer.size(); ++i) {
                slots_[layer[i]].rank = static_cast<double>(i);
            }
        }
    }

    [[nodiscard]] size_t crossings() const {
        size_t count = 0;
        for (size_t i = 0; i + 1 < layers_.size(); ++i) {
            std::vector<std::pair<double, double>> edges;
            for (const size_t upper : layers_[i]) {
                for (const size_t lower : slots_[upper].below) {
                    edges.emplace_back(slots_[upper].rank, slots_[lower].rank);
                }
            }
            for (size_t a = 0; a < edges.size(); ++a) {
                for (size_t b = a + 1; b < edges.size(); ++b) {
                    count +=
                        (edges[a].first - edges[b].first) * (edges[a].second - edges[b].second) < 0
                            ? 1
                            : 0;
                }
            }
        }
        return count;
    }

    void sort_layer(std::vector<size_t>* layer, std::vector<size_t> Slot::* neighbours) {
        std::vector<std::pair<double, size_t>> keyed;
        for (const size_t slot : *layer) {
            const std::vector<size_t>& others = slots_[slot].*neighbours;
            double sum = 0;
            for (const size_t other : others) {
                sum += slots_[other].rank;
            }
            keyed.emplace_back(
                others.empty() ? slots_[slot].rank : sum / static_cast<double>(others.size()),
                slot);
        }
        std::ranges::stable_sort(keyed, {}, &std::pair<double, size_t>::first);
        for (size_t i = 0; i < keyed.size(); ++i) {
            (*layer)[i] = keyed[i].second;
            slots_[keyed[i].second].rank = static_cast<double>(i);
        }
    }

    void order() {
        if (chains_.size() > layout_edges_max) {
            return;  // counting crossings is quadratic: such a picture is unreadable anyhow
        }
        std::vector<std::vector<size_t>> best = layers_;
        size_t fewest = crossings();
        for (size_t sweep = 0; sweep < layout_sweeps && fewest > 0; ++sweep) {
            if (sweep % 2 == 0) {
                for (size_t i = 1; i < layers_.size(); ++i) {
                    sort_layer(&layers_[i], &Slot::above);
                }
            } else {
                for (size_t i = layers_.size() - 1; i > 0; --i) {
                    sort_layer(&layers_[i - 1], &Slot::below);
                }
            }
            const size_t now = crossings();
            if (now < fewest) {
                fewest = now;
                best = layers_;
            }
        }
        layers_ = std::move(best);
        renumber();
    }

    // Left to right without overlap, each slot as near to `wanted` as its left neighbour allows,
    // then back from the right.
    void spread(const std::vector<size_t>& layer, const std::vector<double>& wanted) {
        double edge = -1e18;
        std::vector<double> low(layer.size());
        for (size_t i = 0; i < layer.size(); ++i) {
            const double half = slots_[layer[i]].width / 2;
            low[i] = std::max(wanted[i], edge + half);
            edge = low[i] + half + gap_x;
        }
        edge = 1e18;
        for (size_t i = layer.size(); i-- > 0;) {
            const double half = slots_[layer[i]].width / 2;
            const double high = std::min(wanted[i], edge - half);
            // Between what pushes from the left and from the right.
            slots_[layer[i]].x = (low[i] + high) / 2;
            edge = high - half - gap_x;
        }
        edge = -1e18;
        for (const size_t slot : layer) {
            const double half = slots_[slot].width / 2;
            slots_[slot].x = std::max(slots_[slot].x, edge + half);
            edge = slots_[slot].x + half + gap_x;
        }
    }

    void place() {
        for (const std::vector<size_t>& layer : layers_) {
            double edge = 0;
            for (const size_t slot : layer) {
                slots_[slot].x = edge + slots_[slot].width / 2;
                edge += slots_[slot].width + gap_x;
            }
        }
        for (size_t sweep = 0; sweep < layout_sweeps; ++sweep) {
            for (size_t i = 0; i < layers_.size(); ++i) {
                const std::vector<size_t>& layer =
                    layers_[sweep % 2 == 0 ? i : layers_.size() - 1 - i];
                std::vector<double> wanted;
                for (const size_t slot : layer) {
                    wanted.push_back(middle_of_neighbours(slot));
                }
                spread(layer, wanted);
            }
        }
    }

    [[nodiscard]] double middle_of_neighbours(size_t slot) const {
        double sum = 0;
        size_t count = 0;
        for (const std::vector<size_t>* side : {&slots_[slot].above, &slots_[slot].below}) {
            for (const size_t other : *side) {
                sum += slots_[other].x;
                ++count;
            }
        }
        return count == 0 ? slots_[slot].x : sum / static_cast<double>(count);
    }

    Layout finish() {
        Layout out;
        double left = 0;
        double right = 0;
        bool is_first = true;
        for (const Slot& slot : slots_) {
            left = is_first ? slot.x - slot.width / 2 : std::min(left, slot.x - slot.width / 2);
            right = is_first ? slot.x + slot.width / 2 : std::max(right, slot.x + slot.width / 2);
            is_first = false;
        }
        std::vector<double> middles(layers_.size());
        std::vector<double> heights(layers_.size());
        for (const Box& box : boxes_) {
            heights[box.layer] = std::max(heights[box.layer], box.height);
        }
        double y = margin;
        for (size_t i = 0; i < layers_.size(); ++i) {
            middles[i] = y + heights[i] / 2;
            y += heights[i] + gap_y;
        }
        for (Slot& slot : slots_) {
            slot.x += margin - left;
        }
        for (size_t i = 0; i < boxes_.size(); ++i) {
            boxes_[i].x = slots_[i].x;
            boxes_[i].y = middles[boxes_[i].layer];
        }
        for (const std::vector<size_t>& chain : chains_) {
            Route route{.from = chain.front(), .to = chain.back(), .points = {}};
            const Box& from = boxes_[route.from];
            const Box& to = boxes_[route.to];
            route.points.push_back({from.x, from.y + from.height / 2});
            for (size_t i = 1; i + 1 < chain.size(); ++i) {
                const Slot& slot = slots_[chain[i]];
                // Straight past the boxes of the layer, not only through its middle.
                route.points.push_back({slot.x, middles[slot.layer] - heights[slot.layer] / 2});
                route.points.push_back({slot.x, middles[slot.layer] + heights[slot.layer] / 2});
            }
            route.points.push_back({to.x, to.y - to.height / 2});
            out.routes.push_back(std::move(route));
        }
        out.width = right - left + 2 * margin;
        out.height = layers_.empty() ? 2 * margin : y - gap_y + margin;
        return out;
    }

    std::vector<Box>& boxes_;
    std::vector<Slot> slots_;  // the boxes first
    std::vector<std::vector<size_t>> layers_;
    std::vector<std::vector<size_t>> chains_;  // of slots, one for each edge
};

}  // namespace

Layout lay_out(std::vector<Box>* boxes) {
    return Layering(boxes).run();
}

}  // namespace weft::cli
