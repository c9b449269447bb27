// cli/layering_test.cc: boxes do not overlap, arrows point down, crossings are few.

#include "cli/layering.h"

#include <cmath>
#include <gtest/gtest.h>

namespace weft::cli {

namespace {

Box box(std::vector<size_t> needs) {
    return {.width = 100, .height = 40, .needs = std::move(needs)};
}

TEST(Layering, PutsEveryBoxBelowWhatItNeeds) {
    std::vector<Box> boxes = {box({1, 2}), box({2}), box({}), box({2})};
    const Layout layout = lay_out(&boxes);
    for (const Box& one : boxes) {
        for (const size_t need : one.needs) {
            EXPECT_GT(one.y, boxes[need].y + 40);
        }
    }
    EXPECT_EQ(layout.routes.size(), 4U);
    for (const Route& route : layout.routes) {
        EXPECT_DOUBLE_EQ(route.points.front().y, boxes[route.from].y + 20);
        EXPECT_DOUBLE_EQ(route.points.back().y, boxes[route.to].y - 20);
    }
}

TEST(Layering, BoxesStayApartAndOnThePage) {
    std::vector<Box> boxes;
    for (size_t i = 0; i < 40; ++i) {
        std::vector<size_t> needs;
        for (size_t k = 1; k <= i % 4; ++k) {
            needs.push_back((i * 7 + k * 3) % i);
        }
        boxes.push_back(box(std::move(needs)));
    }
    const Layout layout = lay_out(&boxes);
    for (size_t a = 0; a < boxes.size(); ++a) {
        EXPECT_GE(boxes[a].x, 50);
        EXPECT_LE(boxes[a].x, layout.width - 50);
        EXPECT_LE(boxes[a].y, layout.height - 20);
        for (size_t b = 0; b < a; ++b) {
            if (boxes[a].layer == boxes[b].layer) {
                EXPECT_GE(std::abs(boxes[a].x - boxes[b].x), 100) << a << " " << b;
            }
        }
    }
}

TEST(Layering, TwoArrowsThatNeedNotCrossDoNot) {
    // As they are given the second layer stands the wrong way round.
    std::vector<Box> boxes = {box({}), box({}), box({1}), box({0})};
    static_cast<void>(lay_out(&boxes));
    EXPECT_EQ(boxes[0].x < boxes[1].x, boxes[3].x < boxes[2].x);
}

TEST(Layering, NothingIsAnEmptyPage) {
    std::vector<Box> boxes;
    EXPECT_TRUE(lay_out(&boxes).routes.empty());
}

}  // namespace

}  // namespace weft::cli
