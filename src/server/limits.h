// server/limits.h: the limits of the API server, each with the reason for its size.

#pragma once

#include <cstddef>
#include <cstdint>

#include "io/loop.h"

namespace weft::server::limits {

// What a real API server reads of a body (MaxRequestBodyBytes).
constexpr size_t body_bytes_max = 3 * 1024 * 1024;
// resourceVersion: how long a read waits for a revision that does not exist yet (real: 3 s).
constexpr int64_t future_revision_wait = 3'000'000'000;
// A generated name collides at most this often before the client hears AlreadyExists.
constexpr int generate_name_attempts = 8;
// generateName's base is cut so that base and suffix fit a DNS label.
constexpr size_t generated_base_max = 58;
constexpr size_t generated_suffix = 5;
// How often a patch or an unconditional update is tried again after losing a race for the key: of
// so many writers of one key that come together, the last one wins in its last try.
constexpr int write_attempts = 500;
// Pods of one disruption budget whose eviction its controller has not seen yet (real: 2,000).
constexpr size_t disrupted_pods_max = 2'000;
constexpr size_t field_manager_bytes_max = 128;
// Tokens whose signature need not be checked again, 1 KB each: more clients than one server has.
constexpr size_t known_tokens_max = 1'024;
// A watcher that is this many events behind is dropped with `expired`; it can list again.
constexpr size_t watcher_queue_max = 4096;
// Where more than so many watch one kind, events that follow one another closer than this go out
// together: a write to each of a hundred connections costs far more than what is written. Fewer
// watchers, and an event after a pause, are served at once.
constexpr size_t crowd_of_watchers = 32;
constexpr int64_t crowd_pause = 20'000'000;  // nanoseconds; the most that an event is held back
// Watchers of one server; each costs a few KB and a connection.
constexpr size_t watchers_max = 20'000;
// Decoded events that a hub keeps for watchers that start a little in the past.
constexpr size_t hub_window_max = 1024;
// The page a list asks of the store at once when a selector thins it out.
constexpr size_t list_chunk = 2'000;
// A warning header is cut at this length, and all of an answer together at the second figure.
constexpr size_t warning_runes_max = 256;
constexpr size_t warnings_runes_total = 4096;
// The watch of a client that names no time-out ends after this and up to twice this.
constexpr int64_t watch_timeout_min = 1'800'000'000'000;
// How often a bookmark is sent where the client allows them.
constexpr int64_t bookmark_interval = 60'000'000'000;
// A backup is sent in pieces of this size; a slow reader holds one.
constexpr size_t backup_piece_bytes = size_t{1} * 1024 * 1024;
// How often a store that cannot write is told of at most: every request meets it.
constexpr int64_t failure_report_interval = 10'000'000'000;
// Kubernetes' own limits of policies and webhooks.
constexpr size_t match_conditions_max = 64;
constexpr size_t audit_annotations_max = 20;
// Kinds against which a policy's types are checked (Kubernetes' own limit).
constexpr size_t policy_types_checked_max = 10;
// A message that an expression of a policy makes is used up to this size (Kubernetes' own limit).
constexpr size_t policy_message_bytes_max = 5 * 1024;
// Parameters that one binding's selector finds: each is an evaluation of the whole policy.
constexpr size_t policy_params_max = 1'000;
// Calls of webhooks under way at once, over all requests: each holds a request and its objects.
constexpr size_t webhook_calls_max = 256;
// What a webhook may answer; a patch is no larger than the object it may become.
constexpr size_t webhook_answer_bytes_max = 3 * 1024 * 1024;
// Users of whom it is remembered how they impersonated last; beyond it all is forgotten. Each costs
// about a hundred bytes and saves a few checks.
constexpr size_t impersonators_remembered_max = 10'000;
// Names of kinds and verbs come from URLs of at most 64 KB, so these need no limit of their own.
// Objects nested deeper than this are refused by the decoder (Go's JSON: 10,000; ours uses stack).
constexpr int decode_depth_max = 512;
// Nodes of a schema within one another whose descriptions are kept: as deep as schemas are read.
constexpr size_t prose_depth = 256;
// Events go so long after they were last written (kube-apiserver's --event-ttl), and are looked for
// at most so often: they go in batches.
constexpr int64_t event_ttl = 3600 * io::second;
constexpr int64_t event_sweep_interval = 10 * io::second;
// Messages of a generation of ProtobufCache: five thousand objects of 1.5 KB.
constexpr size_t protobuf_cache_bytes_max = 8 * 1024 * 1024;
// Restored objects keep their resourceVersions up to here: each number between costs a commit.
constexpr int64_t restored_revision_max = 200'000;

}  // namespace weft::server::limits
