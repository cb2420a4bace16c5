#include <thane/wsgi/wsgi_application.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <thane/event.hpp>
#include <thane/fiber_loop.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/internal/exchange_locals.hpp>
#include <thane/log.hpp>
#include <thane/wsgi/file_body.hpp>

// An application that calls write() sends while it runs; a Response is returned before its body is
// sent. So the application runs on a fiber of its own, up to its first piece, and the Response
// takes piece after piece from it: filters around it see a Response like any other.

namespace thane::wsgi {

namespace {

class Pieces final : public Iterable {
 public:
  explicit Pieces(std::vector<std::string> all) : all_(std::move(all)) {}
  std::optional<std::string> next() override {
    if (at_ == all_.size()) return std::nullopt;
    return std::move(all_[at_++]);
  }
  [[nodiscard]] std::optional<std::size_t> size() const override { return all_.size(); }

 private:
  std::vector<std::string> all_;
  std::size_t at_ = 0;
};

class Generated final : public Iterable {
 public:
  Generated(std::function<std::optional<std::string>()> next, std::function<void()> close)
      : next_(std::move(next)), close_(std::move(close)) {}
  std::optional<std::string> next() override { return next_(); }
  void close() override {
    if (close_) close_();
  }

 private:
  std::function<std::optional<std::string>()> next_;
  std::function<void()> close_;
};

// "503 Replaced" as status and reason.
void set_status(Response& response, std::string_view line) {
  int status = 0;
  const auto code = line.substr(0, 3);
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), status);
  if (code.size() != 3 || error != std::errc{} || end != code.data() + 3 ||
      (line.size() > 3 && line[3] != ' ')) {
    throw std::invalid_argument("start_response: \"" + std::string{line.substr(0, 40)} +
                                "\" is no status; write it as \"200 OK\"");
  }
  response.set_status(status, line.substr(std::min<std::size_t>(line.size(), 4)));
}

// One call of an application. Belongs to the Response that it gave, and is used on the fiber that
// sends that; only run() and what it calls are the producer's.
class Exchange {
 public:
  Exchange(std::shared_ptr<const WsgiApplication> application, Request& request)
      : application_(std::move(application)), environ_(request) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Calls the application, up to its first piece.
  Response begin();
  /// After begin(): all of the body, if it is there and as long as `response` says.
  std::optional<std::string> take_whole(const Response& response);
  /// After begin(): the file that is all of the body; nullptr if it is none.
  [[nodiscard]] const FileBody* file() const;
  /// After begin(): piece after piece.
  std::optional<std::string> next();

 private:
  void run();
  Write start(std::string_view status, const StartResponse::Headers& headers,
              const std::exception_ptr& error);
  void write(std::string_view data);

  void await_producer();
  std::optional<std::string> pull();
  void close() noexcept;

  std::shared_ptr<const WsgiApplication> application_;
  Environ environ_;
  std::optional<Response> head_;
  bool sent_ = false;  // The head, or nearly: it cannot be replaced any more.
  std::optional<std::string> first_;
  Body body_;

  Fiber consumer_;  // That waits for the producer, or did so last.
  Fiber producer_;
  bool producer_ended_ = false;
  std::exception_ptr error_;
  std::optional<std::string> written_;
  bool has_written_ = false;
  Event to_consumer_;
  Event to_producer_;
};

Exchange::~Exchange() {
  const this_fiber::Mask not_interrupted;
  if (producer_ && !producer_ended_) {
    consumer_ = this_fiber::current();
    producer_.kill();
    producer_.wait();
  }
  close();
}

Response Exchange::begin() {
  producer_ = FiberLoop::current().spawn([this] { run(); }, "wsgi application");
  await_producer();
  if (!head_ || file() == nullptr) first_ = pull();
  if (!head_) {
    throw std::logic_error("the application returned without a call of start_response()");
  }
  sent_ = true;
  return *std::move(head_);
}

std::optional<std::string> Exchange::take_whole(const Response& response) {
  const bool only_piece = first_ && !has_written_ && body_ && body_->size() == 1;
  if (first_ && !only_piece) return std::nullopt;
  std::string whole = first_.value_or(std::string{});
  if (const auto length = response.header("Content-Length");
      length && *length != std::to_string(whole.size())) {
    return std::nullopt;
  }
  close();
  return whole;
}

const FileBody* Exchange::file() const {
  return body_ && !has_written_ && !first_ ? body_->file() : nullptr;
}

std::optional<std::string> Exchange::next() {
  if (first_) return std::exchange(first_, std::nullopt);
  return pull();
}

// Until it has written something, or returned.
void Exchange::await_producer() {
  if (producer_ended_ || written_) return;
  consumer_ = this_fiber::current();
  to_consumer_.clear();
  to_producer_.set();
  to_consumer_.wait();
}

// The next piece that is not empty, of write() or of the iterable.
std::optional<std::string> Exchange::pull() {
  await_producer();
  if (written_) return std::exchange(written_, std::nullopt);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  while (body_) {
    auto piece = body_->next();
    if (!piece) {
      close();
    } else if (!piece->empty()) {
      return piece;
    }
  }
  return std::nullopt;
}

void Exchange::close() noexcept {
  if (!body_) return;
  const this_fiber::Mask not_interrupted;
  const Body body = std::exchange(body_, nullptr);
  try {
    body->close();
  } catch (...) {
    log::error("close() of a body failed: {}", thane::internal::describe(std::current_exception()));
  }
}

// While the consumer waits the producer has its FiberLocals.
class BorrowedLocals {
 public:
  explicit BorrowedLocals(const Fiber& owner) : owner_(owner) {
    thane::internal::exchange_locals(owner_);
  }
  ~BorrowedLocals() { thane::internal::exchange_locals(owner_); }
  BorrowedLocals(const BorrowedLocals&) = delete;
  BorrowedLocals& operator=(const BorrowedLocals&) = delete;

 private:
  const Fiber& owner_;
};

void Exchange::run() {
  const BorrowedLocals borrowed{consumer_};
  const StartResponse start_response{
      [this](std::string_view status, const StartResponse::Headers& headers,
             const std::exception_ptr& error) { return start(status, headers, error); }};
  try {
    body_ = (*application_)(environ_, start_response);
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    error_ = std::current_exception();
  }
  producer_ended_ = true;
  to_consumer_.set();
}

Write Exchange::start(std::string_view status, const StartResponse::Headers& headers,
                      const std::exception_ptr& error) {
  if (error && sent_) std::rethrow_exception(error);
  if (head_ && !error) {
    throw std::logic_error("start_response() was called again, and not because of an error");
  }
  Response response;
  set_status(response, status);
  for (const auto& [name, value] : headers) response.add_header(name, value);
  head_ = std::move(response);
  return [this](std::string_view data) { write(data); };
}

void Exchange::write(std::string_view data) {
  if (producer_ended_) throw std::logic_error("write() was called after the application returned");
  if (data.empty()) return;
  written_ = data;
  has_written_ = true;
  to_producer_.clear();
  const BorrowedLocals given_back{consumer_};  // Exchanged twice is nobody's loss.
  to_consumer_.set();
  to_producer_.wait();
}

}  // namespace

Body pieces(std::vector<std::string> all) {
  return std::make_unique<Pieces>(std::move(all));
}

Body generate(std::function<std::optional<std::string>()> next, std::function<void()> close) {
  return std::make_unique<Generated>(std::move(next), std::move(close));
}

Application from_wsgi(WsgiApplication application) {
  return [application =
              std::make_shared<const WsgiApplication>(std::move(application))](Request& request) {
    auto exchange = std::make_shared<Exchange>(application, request);
    Response response = exchange->begin();
    if (const FileBody* const file = exchange->file()) {
      if (!response.header("Content-Length")) {
        response.set_header("Content-Length", std::to_string(file->left()));
      }
      // The file holds on to the exchange, which closes it.
      response.set_stream(file->owned_by(exchange));
    } else if (auto whole = exchange->take_whole(response)) {
      response.set_body(*std::move(whole));
    } else {
      response.set_stream([exchange] { return exchange->next(); });
    }
    return response;
  };
}

}  // namespace thane::wsgi
