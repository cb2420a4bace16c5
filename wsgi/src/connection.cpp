#include "connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include <thane/fiber.hpp>
#include <thane/internal/describe_exception.hpp>
#include <thane/internal/worker_slot.hpp>
#include <thane/log.hpp>

#include "access_log.hpp"

namespace thane::wsgi::internal {

namespace {

// Gathered answers are sent when they exceed this, even if more requests are buffered.
constexpr std::size_t max_gathered = 65536;

// An unfinished head is parsed again when a line was completed, or when this many octets came
// without one: a client that sends single octets does not make us read everything again each time.
constexpr std::size_t parse_step = 1024;

Response error_response(const Site& site, const std::string& text) {
  Response response{500};
  if (site.errors == ErrorBody::text) response = Response::text(text).set_status(500);
  response.close_connection();
  return response;
}

Response client_error(int status) {
  Response response{status >= 400 && status <= 599 ? status : 400};
  return response;
}

}  // namespace

Connection::Connection(Site& site, Transport& transport, std::string_view peer,
                       const ClientCertificate* client)
    : site_(site),
      transport_(transport),
      surroundings_{.peer = peer,
                    .server_name = site.server_name,
                    .server_port = site.server_port,
                    .secure = transport.secure(),
                    .client = client,
                    .ending = &site.ending},
      input_(site.blocks) {}

Connection::~Connection() {
  site_.workspaces.give_back(std::move(work_));
}

void Connection::run() {
  transport_.expect(Waiting::first);
  After after = read_head();
  while (after == After::next_request) {
    after = serve();
    if (after == After::next_request) after = read_head();
  }
  if (after == After::close) linger();
}

// Reads until a head is complete. On entry the buffer may hold any part of it, and more.
Connection::After Connection::read_head() {
  bool parse = !input_.empty();
  bool limited = false;
  std::size_t unparsed = 0;
  for (;;) {
    if (parse) {
      const auto result = parse_head(input_.data(), site_.limits, work().head);
      if (result.kind == ParseResult::Kind::complete) {
        input_.pin(result.size);
        return After::next_request;
      }
      if (result.kind == ParseResult::Kind::refused) {
        refuse(result.status, result.reason);
        return After::close;
      }
      unparsed = 0;
    }
    if (!flush()) return After::gone;

    const bool idle = input_.empty();
    if (idle && work_ != nullptr) {
      become_idle();
    } else if (!idle && !limited) {
      transport_.expect(Waiting::head);
      limited = true;
    }
    const auto size = receive();
    if (size == 0) {
      if (unparsed > 0) {  // What is wrong with it is not to depend on how it was cut.
        const auto result = parse_head(input_.data(), site_.limits, work().head);
        if (result.kind == ParseResult::Kind::refused) {
          refuse(result.status, result.reason);
          return After::close;
        }
      }
      if (!transport_.timed_out() || input_.empty()) return After::gone;
      refuse(408, "the request head did not come in time");
      return After::close;
    }
    unparsed += size;
    parse = idle || unparsed >= parse_step || std::memchr(input_.space(), '\n', size) != nullptr;
    input_.commit(size);
  }
}

// At least one octet behind those of the buffer, whose memory goes while none is there to be kept;
// 0 at the end.
std::size_t Connection::receive() {
  for (;;) {
    input_.make_room(1);
    if (const auto size = transport_.try_read(input_.space(), input_.space_size())) return *size;
    input_.shrink();
    transport_.await_input();
  }
}

Connection::After Connection::serve() {
  transport_.expect(Waiting::nothing);
  thane::internal::count_request();
  const auto started = site_.access_log != nullptr ? SteadyClock::now() : TimePoint{};

  BodyReader body{work().head, input_, transport_, work().output};
  Request request{work().head, body, surroundings_};
  const After after = answer(respond(request, body), body, started);
  input_.unpin();
  return after;
}

// What the application answers, or what its failure means.
Response Connection::respond(Request& request, BodyReader& body) {
  if (work_->head.form == TargetForm::authority) return Response{501};  // CONNECT: no proxy here.
  try {
    return site_.application(request);
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    return failure(body);
  }
}

// What the exception that is being handled means to the client.
Response Connection::failure(const BodyReader& body) {
  try {
    throw;
  } catch (const request_error& error) {
    const bool by_client = body.state() == BodyReader::State::refused;
    return client_error(by_client ? body.status() : error.status());
  } catch (...) {
    const std::string error = thane::internal::describe(std::current_exception());
    log::error("{} {} failed: {}", work_->head.method, work_->head.target, error);
    return error_response(site_, error);
  }
}

// Of the rest of a body we read what is known to be little: the next request is behind it.
bool Connection::discardable(const BodyReader& body) const {
  return body.state() == BodyReader::State::unread && body.framing() == BodyFraming::length &&
         !body.awaits_continue() && body.remaining() <= site_.max_discard;
}

Delivery Connection::delivery(const BodyReader& body) {
  const bool next_can_be_found = body.state() == BodyReader::State::ended || discardable(body);
  const RequestHead& head = work_->head;
  return {head.minor_version, head.method == "HEAD",
          head.keep_alive && site_.keep_alive && !site_.draining && next_can_be_found,
          site_.standard_fields.at(std::time(nullptr))};
}

Connection::After Connection::answer(Response response, BodyReader& body, TimePoint started) {
  const RequestHead& head = work_->head;
  Written written;
  std::uint64_t octets = 0;
  bool complete = true;
  if (response.body_stream() && may_have_body(response.status()) && head.method != "HEAD") {
    complete = send_stream(response, body, written, octets);
  } else {
    if (body.state() == BodyReader::State::unread) body.discard_buffered();
    if (body.state() == BodyReader::State::refused && response.status() < 400) {
      response = client_error(body.status());
    }
    written = write_response(response, delivery(body), work().output);
    if (written.body == Written::Body::whole) octets = response.body().size();
  }

  // Not if it was turned on since: then nobody knows when the request began.
  if (site_.access_log != nullptr && started != TimePoint{}) {
    site_.access_log->write({surroundings_.peer, head.method, head.target, head.minor_version,
                             response.status(), octets, SteadyClock::now() - started,
                             head.fields()});
  }
  if (!complete) return After::gone;
  if (!written.keep_alive) return After::close;
  if (body.state() != BodyReader::State::ended) {
    if (!flush()) return After::gone;
    if (!body.discard_rest(site_.max_discard)) return After::close;
  }
  if (work_->output.size() > max_gathered && !flush()) return After::gone;
  return After::next_request;
}

// The pieces of a stream, each sent before the next is asked for. The head goes out with the first,
// so that a generator which fails at once still gives a clean 500. False: the connection is to be
// cut.
bool Connection::send_stream(Response& response, BodyReader& body, Written& written,
                             std::uint64_t& octets) {
  std::optional<std::string> piece;
  bool head_sent = false;
  try {
    do {
      piece = response.body_stream()();
    } while (piece && piece->empty());
    const auto before = work_->output.size();
    written = write_response(response, delivery(body), work().output);
    if (!piece && written.counted > 0) {
      work_->output.resize(before);
      throw std::length_error("the body is empty, its Content-Length said " +
                              std::to_string(written.counted));
    }
    head_sent = true;
    body.answer_begins();
    while (piece) {
      std::string_view data{*piece};
      if (written.body == Written::Body::counted) data = data.substr(0, written.counted - octets);
      octets += data.size();
      if (written.body == Written::Body::chunked)
        write_chunk(data, work().output);
      else
        work_->output.append(data);
      if (!flush()) return false;
      if (written.body == Written::Body::counted) {
        if (octets == written.counted) break;
        if (const auto* const file = response.body_stream().target<FileBody>()) {
          if (!send_file(*file, written.counted, octets)) return false;
          break;
        }
      }
      piece = response.body_stream()();
    }
  } catch (const fiber_killed&) {
    throw;
  } catch (...) {
    response = failure(body);
    if (head_sent) {
      // The end of the connection would be taken for that of the body.
      if (written.body == Written::Body::until_close) transport_.abort();
      return false;
    }
    written = write_response(response, delivery(body), work().output);
    octets = response.body().size();
    return true;
  }
  if (written.body == Written::Body::chunked) write_last_chunk(work().output);
  if (written.body == Written::Body::counted && octets < written.counted) {
    log::error("{} {}: the body has {} octets, its Content-Length said {}", work_->head.method,
               work_->head.target, octets, written.counted);
    return false;
  }
  return true;
}

// What is left of a file: its first piece went out with the head. False: the peer is gone.
bool Connection::send_file(const FileBody& file, std::uint64_t counted, std::uint64_t& octets) {
  const auto wanted = std::min(counted - octets, file.left());
  const auto sent = transport_.send_file(file.fd(), file.offset(), wanted);
  octets += sent.octets;
  file.tell_sent(sent.octets);
  return sent.outcome != SentFile::Outcome::peer_gone;
}

void Connection::refuse(int status, const char* reason) {
  const Delivery delivery{1, false, false, site_.standard_fields.at(std::time(nullptr))};
  write_response(Response{status}, delivery, work().output);
  log::debug("request from {} refused with {}: {}", surroundings_.peer, status, reason);
  if (site_.access_log != nullptr) {
    site_.access_log->write({surroundings_.peer, {}, {}, 1, status, 0, Duration::zero(), {}});
  }
}

bool Connection::flush() {
  if (work_ == nullptr || work_->output.empty()) return true;
  const bool sent = transport_.write_all(work_->output);
  work_->output.clear();
  return sent;
}

// Closing with unread octets in the kernel's buffer resets the connection, and a reset can destroy
// the answer before the client has read it (RFC 9112 9.6). Many clients look for it only when they
// have sent all of a body that nobody wants.
void Connection::linger() {
  if (!flush()) return;
  transport_.shutdown_send();
  transport_.expect(Waiting::close);
  const TimePoint begin = SteadyClock::now();
  for (;;) {
    input_.consume(input_.data().size());
    input_.make_room(1);
    if (transport_.read_some(input_.space(), input_.space_size()) == 0) return;
    const bool has_time = !site_.draining && SteadyClock::now() - begin < site_.longest_linger;
    if (has_time) transport_.expect(Waiting::close);
  }
}

void Connection::become_idle() {
  site_.workspaces.give_back(std::move(work_));
  input_.shrink();
  transport_.expect(Waiting::idle);
  transport_.await_input();
}

}  // namespace thane::wsgi::internal
