// cli/limits.h: how much the commands read, and why so much.

#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"

namespace weft::cli {

// One file: the largest bundles of CRDs are around 10 MB.
constexpr size_t file_bytes_max = size_t{64} * 1024 * 1024;
// Broken documents of one file that are told: a file with more is something else than YAML.
constexpr size_t broken_documents_max = 100;
// Files of one folder: more is surely the wrong folder.
constexpr size_t files_max = 20'000;
// What a data dir needs to start: the first start writes about 1 MB, and a log of as much again.
constexpr uint64_t disk_free_min = uint64_t{2} * 1024 * 1024;
// Until the embedded server answers: a start takes well under a second, opening a large store a
// few.
constexpr int64_t start_timeout = 60 * io::second;
// An answer that is no success: a Status.
constexpr size_t error_bytes_max = size_t{64} * 1024;
// Workers of a controller: each is a coroutine with a queue; beyond this they only cost memory.
constexpr int64_t workers_max = 100'000;
// How often a live picture is drawn at most: as fast as an eye follows.
constexpr int64_t redraw_interval = 80 * io::millisecond;
// How long requests may take to end when the server stops.
constexpr int64_t shutdown_grace = 2 * io::second;
// Certificates of the embedded server: a data dir may lie for long.
constexpr int64_t certificate_validity = int64_t{365} * 24 * 3600 * io::second;

// A hash of an OpenAPI document becomes a file's name: kube-apiserver's have 128 characters.
constexpr size_t hash_chars_max = 160;
// Objects of one page of a list: client-go's number.
constexpr int64_t list_page = 500;
// How deep --explain lists the parts of an expression; deeper ones tell a reader nothing more.
constexpr size_t explain_depth_max = 64;
// The column behind which types are no longer aligned.
constexpr size_t explain_width = 60;
// A /metrics page: some thousand series.
constexpr size_t metrics_bytes_max = size_t{16} * 1024 * 1024;

// Rounds of observing and applying a rehearsal may take for each node of a graph: a node is looked
// for, applied and settled, and the instance's record may change with it. More is a graph that
// never comes to rest.
constexpr size_t rounds_per_node = 8;

// Sweeps over the layers of a drawn graph: orders settle after a handful.
constexpr size_t layout_sweeps = 24;
// Edges up to which crossings are counted, which is quadratic.
constexpr size_t layout_edges_max = 2'000;

// Levels of a schema that an example shows: SimpleSchema allows no more that anybody could read.
constexpr size_t example_depth_max = 64;
// Letters of a text that is made up to fill a minLength.
constexpr int64_t placeholder_max = 256;

// Between two looks of `weft rollout status`.
constexpr int64_t rollout_interval = 500 * io::millisecond;

// Bytes of a value that a failed test shows of it.
constexpr size_t shown_max = 160;

}  // namespace weft::cli
