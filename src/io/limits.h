// io/limits.h: how much io holds and waits for, and why so much.

#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::io::limits {

// A zone's file has some kilobytes; the largest of the system's database has four.
constexpr size_t time_zone_file = 1024 * 1024;

// The database has some six hundred names.
constexpr size_t time_zones_kept = 1024;

// Threads for pure work. The loop is the one that matters; two keep a big compression from
// holding up a small one and do not crowd a small machine.
constexpr size_t pool_threads = 2;

// Callbacks that one drain of the posted queue runs before sockets and timers are looked at again.
constexpr size_t posted_per_turn = 1024;

// A process is at rest when a second passes with fewer callbacks than the first figure: watches,
// leases and probes need some dozens. That is told once it has worked for the second figure, some
// milliseconds: after less there is nothing to tidy up.
constexpr uint64_t callbacks_at_rest = 200;
constexpr uint64_t callbacks_before_rest = 2'000;

// Signals that came and were not yet asked for; more of them say nothing new.
constexpr size_t pending_signals = 8;

// What one readiness of a socket may read before others get their turn: long enough that a large
// upload is not chopped up, short enough to stay under a millisecond.
constexpr size_t read_per_turn = 256 * 1024;

// What one turn writes to one connection: TLS encrypts about so much in half a millisecond.
constexpr size_t write_per_turn = 512 * 1024;

// The one read buffer that all connections of a loop share. A TLS record is 16 KB.
constexpr size_t read_buffer = 64 * 1024;

// Segments in one writev. Linux takes 1024; the gain is flat after some dozens.
constexpr size_t segments_per_write = 64;

// A TLS record: what small pieces are gathered into.
constexpr size_t tls_record = 16 * 1024;

// Records are sealed until they are so much, and sent in one call: a packet of the loopback. A
// connection whose socket is full holds no more than this beside its queue.
constexpr size_t tls_batch = 64 * 1024;

// Small pieces are appended to the last segment of an output queue until it is so large.
constexpr size_t small_segment = 4096;

// A stream waits for its reader while more than this is unsent: one watch event of the largest
// object, and still little times thousands of watches.
constexpr size_t unsent_of_stream = 64 * 1024;

// An HTTP/2 session puts no more frames into the connection's queue beyond this.
constexpr size_t unsent_of_session = 256 * 1024;

// Bytes of further requests that a client may send ahead while one is answered (HTTP/1.1).
constexpr size_t pipelined_input = 64 * 1024;

// Header fields in one message: Go has no number, its bytes bound it; we bound the vector too.
constexpr size_t header_fields = 512;

// One line that gives the size of a chunk, with its extensions, which nobody uses.
constexpr size_t chunk_line = 256;

// Trailers are read and thrown away; this is more than anybody sends.
constexpr size_t trailer_bytes = 8 * 1024;

// After an answer that ends a connection early, so long and so much is read and thrown away: a
// reset would take the answer away from a client that is still sending.
constexpr int64_t linger_nanos = 1'000'000'000;
constexpr size_t linger_bytes = 8 * 1024 * 1024;

// HTTP/2 streams a client may have open at once: the kube-apiserver's default. One idle costs
// about 1.5 KB here.
constexpr uint32_t streams_per_connection = 1000;

// Handlers of streams that the client has reset may still be running down. Beyond so many of them
// the connection goes: the "rapid reset" of CVE-2023-44487. A client may cancel all it has at once.
constexpr size_t reset_streams_running = streams_per_connection;

// Bytes of request bodies that one HTTP/2 connection may have us hold.
constexpr size_t bodies_per_connection = 64 * 1024 * 1024;

// Connections taken from the listener before others get their turn, and how long the listener
// rests when descriptors have run out.
constexpr int accepts_per_turn = 64;
constexpr int64_t accept_rest = 100'000'000;

// Bytes that a peer does not acknowledge for so long end the connection, also where a watch has
// little to say and the kernel would retry for a quarter of an hour. Milliseconds.
constexpr int unacknowledged_ms = 60'000;

// HTTP/2 windows: what a peer may send before we have read it. Per stream and per connection.
constexpr int32_t stream_window = 256 * 1024;
constexpr int32_t connection_window = 4 * 1024 * 1024;

// Answers smaller than this are not worth compressing: the kube-apiserver's threshold.
constexpr size_t gzip_from = 128 * 1024;

// A body of known length up to this comes back in one piece; a longer one as a stream.
constexpr size_t whole_response = 1024 * 1024;

// What a client holds of a streamed answer that nobody has asked for yet.
constexpr size_t unread_of_stream = 256 * 1024;

// The head of an answer that a client takes.
constexpr size_t response_head = 256 * 1024;

// Idle HTTP/1.1 connections that a client keeps, and for how long. Shorter than the servers'. Many
// requests that end in the same moment leave as many idle for a moment.
constexpr size_t idle_connections = 256;
constexpr int64_t idle_connection_nanos = 90'000'000'000;

// HTTP/1.1 connections of one client, HTTP/2 connections of one client. Requests wait beyond.
constexpr size_t client_connections = 4096;
constexpr size_t client_sessions = 64;

// Connections that one client makes at the same time: a herd of handshakes would time out together.
constexpr size_t client_connecting = 32;

// Series of one metric: more than anybody looks at; a label that clients choose may have no bound.
constexpr size_t series_per_metric = 10'000;

}  // namespace weft::io::limits
