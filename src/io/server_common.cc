// io/server_common.cc: what HTTP/1.1 and HTTP/2 answers have in common.

#include <algorithm>
#include <zlib.h>

#include "io/internal/server_session.h"
#include "io/limits.h"

namespace weft::io::internal {

std::string_view status_text(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 203:
            return "Non-Authoritative Information";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Request Entity Too Large";
        case 414:
            return "Request URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Requested Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Entity";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return {};
    }
}

std::string_view date_text(Time now) {
    thread_local int64_t written_for = -1;
    thread_local std::string text;
    if (written_for != now.seconds) {
        constexpr std::string_view days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
        constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const int64_t day = now.seconds / 86400;
        const int64_t rest = now.seconds % 86400;
        const CivilDate date = civil_from_days(day);
        text =
            fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[day % 7], date.day,
                        months[date.month - 1], date.year, rest / 3600, rest / 60 % 60, rest % 60);
        written_for = now.seconds;
    }
    return text;
}

http::Response body_too_large(size_t limit) {
    return http::Response::text(
        413, "application/json",
        cat(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
            R"("message":"Request entity too large: limit is )",
            limit, R"(","reason":"RequestEntityTooLarge","code":413})", "\n"));
}

namespace {

bool takes_gzip(std::string_view accepts) {
    for (std::string_view item : split(accepts, ',')) {
        const std::string_view coding = trim(item.substr(0, item.find(';')));
        const std::string_view rest = item.substr(std::min(item.size(), item.find(';')));
        if (to_lower(coding) == "gzip" && rest.find("q=0") == std::string_view::npos) {
            return true;
        }
    }
    return false;
}

// Empty if zlib fails, which it does for want of memory only.
std::string gzip(const std::vector<http::SharedBytes>& pieces) {
    constexpr int gzip_format = 16 + MAX_WBITS;
    z_stream stream{};
    if (deflateInit2(&stream, 1, Z_DEFLATED, gzip_format, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return {};
    }
    size_t total = 0;
    for (const http::SharedBytes& piece : pieces) {
        total += piece->size();
    }
    std::string out(deflateBound(&stream, total), '\0');
    stream.next_out = reinterpret_cast<unsigned char*>(out.data());
    stream.avail_out = static_cast<unsigned>(out.size());
    bool good = true;
    for (const http::SharedBytes& piece : pieces) {
        stream.next_in =
            const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece->data()));
        stream.avail_in = static_cast<unsigned>(piece->size());
        good = good && deflate(&stream, Z_NO_FLUSH) == Z_OK;
    }
    good = good && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(good ? stream.total_out : 0);
    deflateEnd(&stream);
    return out;
}

}  // namespace

Task<void> compress_if_worth(Loop* loop, std::string accepts, http::Response* response) {
    constexpr size_t most = 0x7000'0000;  // zlib counts in 32 bits
    const size_t size = response->body_size();
    if (response->source != nullptr || size <= limits::gzip_from || size > most ||
        response->headers.has("content-encoding") || !takes_gzip(accepts)) {
        co_return;
    }
    std::string packed =
        co_await offload(loop, [pieces = response->pieces] { return gzip(pieces); });
    if (packed.empty()) {
        co_return;
    }
    response->headers.set("content-encoding", "gzip");
    response->headers.add("vary", "Accept-Encoding");
    response->headers.erase("content-length");
    response->pieces.clear();
    response->pieces.push_back(http::share(std::move(packed)));
}

}  // namespace weft::io::internal
