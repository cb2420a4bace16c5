// A request made of its text, without a connection.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include <thane/wsgi/request.hpp>

#include "body_source.hpp"
#include "request_head.hpp"
#include "surroundings.hpp"

namespace thane::testing {

class MadeRequest {
 public:
  /// `target` as sent; `fields` are lines with CR LF. The body comes in pieces of `piece` octets.
  explicit MadeRequest(std::string_view method, std::string_view target,
                       std::string_view fields = "", std::string body = "", std::size_t piece = 7,
                       std::string_view peer = "192.0.2.1")
      : text_(std::string{method} + " " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" +
              std::string{fields} + "\r\n"),
        body_(std::move(body), piece),
        surroundings_{.peer = peer},
        request_(parsed(text_, head_), body_, surroundings_) {}

  wsgi::Request& operator*() { return request_; }
  wsgi::Request* operator->() { return &request_; }
  /// What the request is made of may still be changed.
  wsgi::internal::Surroundings& surroundings() { return surroundings_; }

 private:
  class Body final : public wsgi::internal::BodySource {
   public:
    Body(std::string body, std::size_t piece) : body_(std::move(body)), piece_(piece) {}

    std::string_view read_some() override {
      const auto piece = std::string_view{body_}.substr(at_, piece_);
      at_ += piece.size();
      return piece;
    }

   private:
    std::string body_;
    std::size_t piece_;
    std::size_t at_ = 0;
  };

  static const wsgi::internal::RequestHead& parsed(const std::string& text,
                                                   wsgi::internal::RequestHead& head) {
    const auto result = wsgi::internal::parse_head(text, {}, head);
    REQUIRE(result.kind == wsgi::internal::ParseResult::Kind::complete);
    return head;
  }

  std::string text_;
  wsgi::internal::RequestHead head_;
  Body body_;
  wsgi::internal::Surroundings surroundings_;
  wsgi::Request request_;
};

}  // namespace thane::testing
