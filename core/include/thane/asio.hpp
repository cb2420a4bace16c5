// For those who bring Asio code: the loop's io_context, and a token that blocks the calling fiber.
#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <thane/internal/await.hpp>

namespace thane {

/// The io_context of this thread's loop, for the constructors of sockets and timers. The first call
/// has the loop sleep in it from then on: thane's own sockets go on to work, but cost two system
/// calls more for each sleep, and a connection wakes all workers and not one
/// (docs/decisions/0033-own-epoll.md). Whoever is to post from other threads calls it first.
[[nodiscard]] boost::asio::io_context& io_context();

/// The type of thane::await.
struct Await {
  boost::system::error_code* error = nullptr;

  /// Stores the error there, instead of throwing it.
  [[nodiscard]] constexpr Await operator[](boost::system::error_code& target) const noexcept {
    return Await{&target};
  }
};

/// A completion token: blocks the calling fiber until the operation has completed, and returns its
/// result: nothing, a value, or a tuple of values. An error is thrown as
/// boost::system::system_error, or stored with thane::await[error].
///
///     tcp::socket socket{thane::io_context()};
///     socket.async_connect(endpoint, thane::await);
///     const std::size_t n = socket.async_read_some(buffer, thane::await[error]);
///
/// kill() and Timeout cancel the operation (cancellation_type::terminal) and then throw, with or
/// without [error]. An operation that had succeeded by then keeps its result: it is returned, and
/// the exception comes at the next suspension point.
inline constexpr Await await{};

}  // namespace thane

template <class... Results>
class boost::asio::async_result<thane::Await, void(Results...)> {
  using Operation = thane::internal::AwaitOperation<std::decay_t<Results>...>;

 public:
  using return_type = typename Operation::Result;

  template <class Initiation, class... Arguments>
  static return_type initiate(Initiation&& initiation, thane::Await token,
                              Arguments&&... arguments) {
    Operation operation;
    std::forward<Initiation>(initiation)(typename Operation::Handler{&operation},
                                         std::forward<Arguments>(arguments)...);
    return operation.finish(token.error);
  }
};
