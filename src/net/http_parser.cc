#include "net/http_parser.h"

// Beast 1.81 asserts that the last chunk's line and the end of the message come in one piece when the body is empty
// (parse_chunk_header: n >= 5), which is for the peer to decide; without the assertion it waits for the rest as it
// should. Nowhere else is its parser compiled.
#define BOOST_DISABLE_ASSERTS

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "base/text.h"
#include "net/cut_short.h"

namespace spotkeeper::net {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

namespace {

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

}  // namespace

// What the two kinds of messages share, so that feeding is written once.
struct HttpParser::Impl {
  explicit Impl(HttpLimits l) : limits(l) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  virtual ~Impl() = default;

  virtual std::size_t put(std::string_view bytes, error_code& error) = 0;
  virtual void put_eof(error_code& error) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  [[nodiscard]] virtual bool got_head() const = 0;

  HttpLimits limits;
  HttpHead head;
  std::string body;
  std::string pending;  // bytes that were fed and not understood yet, or lie after the message
  std::string reason;   // why a callback refused
  bool started = false;
  int refusal = 400;
};

namespace {

template <bool isRequest, class Base>
class Parser final : public Base, private http::basic_parser<isRequest> {
  using Beast = http::basic_parser<isRequest>;

 public:
  Parser(HttpLimits bounds, bool without_body) : Base(bounds) {
    Beast::eager(true);
    Beast::header_limit(bounds.head_bytes);
    if (bounds.body_bytes == std::numeric_limits<std::uint64_t>::max()) {
      Beast::body_limit(boost::none);
    } else {
      Beast::body_limit(bounds.body_bytes);
    }
    if (without_body) Beast::skip(true);
  }

  std::size_t put(std::string_view bytes, error_code& error) override {
    return Beast::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  void put_eof(error_code& error) override {
    if (!Beast::got_some()) {
      error = http::error::end_of_stream;
      return;
    }
    Beast::put_eof(error);
  }
  bool complete() const override { return Beast::is_done(); }
  bool got_head() const override { return Beast::is_header_done(); }

 private:
  void refuse(error_code& error, std::string why) {
    this->reason = std::move(why);
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb, BeastView method, BeastView target, int version, error_code&) override {
    this->head.method = view(method);
    this->head.target = view(target);
    this->head.http_1_0 = version < 11;
  }
  void on_response_impl(int code, BeastView, int version, error_code&) override {
    this->head.status = code;
    this->head.http_1_0 = version < 11;
  }
  void on_field_impl(http::field name, BeastView name_text, BeastView value, error_code& error) override {
    if (this->head.headers.size() >= this->limits.head_fields) {
      this->refusal = 431;
      return refuse(error, "more than " + std::to_string(this->limits.head_fields) + " header fields");
    }
    // Whatever else a body may be coded with, two readers could disagree about where it ends.
    if (name == http::field::transfer_encoding &&
        (this->head.http_1_0 || !equal_ignoring_case(view(value), "chunked"))) {
      return refuse(error, "Transfer-Encoding is not understood: " + quote(view(value)));
    }
    this->head.headers.add(view(name_text), view(value));
  }
  void on_header_impl(error_code&) override { this->head.keep_alive = Beast::keep_alive(); }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BeastView bytes, error_code&) override {
    this->body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, error_code&) override {
    this->body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

HttpParser::HttpParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;
HttpParser::~HttpParser() = default;

HttpParser HttpParser::request(HttpLimits limits) {
  return HttpParser(std::make_unique<Parser<true, Impl>>(limits, false));
}

HttpParser HttpParser::response(std::string_view answers, HttpLimits limits) {
  return HttpParser(std::make_unique<Parser<false, Impl>>(limits, answers == "HEAD"));
}

Result<void> HttpParser::feed(std::string_view bytes) {
  Impl& parser = *impl_;
  if (bytes.empty()) return {};
  parser.started = true;
  std::string joined;
  if (!parser.pending.empty()) {
    joined = std::move(parser.pending);
    joined.append(bytes);
    bytes = joined;
  }
  while (!bytes.empty() && !parser.complete()) {
    error_code error;
    const std::size_t used = parser.put(bytes, error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more) break;
    if (error == http::error::body_limit) {
      parser.refusal = 413;
      return fail(ErrorCode::InvalidInput,
                  "the body is larger than " + std::to_string(parser.limits.body_bytes) + " bytes");
    }
    if (error == http::error::header_limit) {
      parser.refusal = 431;
      return fail(ErrorCode::InvalidInput,
                  "the header is larger than " + std::to_string(parser.limits.head_bytes) + " bytes");
    }
    if (error) {
      return fail(ErrorCode::InvalidInput, "not HTTP: " + (parser.reason.empty() ? error.message() : parser.reason));
    }
    if (used == 0) break;
  }
  // Before the end nothing but a line (of the header, or before a chunk) can be incomplete.
  if (!parser.complete() && bytes.size() > parser.limits.head_bytes) {
    return fail(ErrorCode::InvalidInput, "not HTTP: a line is too long");
  }
  parser.pending = bytes;
  return {};
}

Result<void> HttpParser::feed_end() {
  if (impl_->complete()) return {};
  error_code error;
  impl_->put_eof(error);
  if (!error) return {};
  return fail(ErrorCode::Unavailable,
              std::string(impl_->started ? kCutShort : "the peer closed the connection without an answer"));
}

int HttpParser::refusal() const { return impl_->refusal; }
bool HttpParser::started() const { return impl_->started; }
bool HttpParser::head_done() const { return impl_->got_head(); }
bool HttpParser::done() const { return impl_->complete(); }
const HttpHead& HttpParser::head() const { return impl_->head; }
HttpHead HttpParser::take_head() { return std::move(impl_->head); }
std::string HttpParser::take_body() { return std::exchange(impl_->body, {}); }
std::string HttpParser::take_rest() { return std::exchange(impl_->pending, {}); }

}  // namespace spotkeeper::net
