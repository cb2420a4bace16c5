// What thane::await is made of: one operation that a fiber waits for, in that fiber's own frame.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace thane::internal {

/// The part that does not depend on the operation's result.
class AwaitBase {
 public:
  /// Throws fiber_killed and timeout_error, if due, before anything is begun.
  AwaitBase();
  ~AwaitBase();
  AwaitBase(const AwaitBase&) = delete;
  AwaitBase& operator=(const AwaitBase&) = delete;

  [[nodiscard]] boost::asio::io_context::executor_type executor() const noexcept;
  [[nodiscard]] boost::asio::cancellation_slot slot() noexcept;

  /// Memory for what Asio has to keep while the operation lasts. From the frame, which outlives it:
  /// one block at a time, as an operation takes them; malloc for the rest.
  [[nodiscard]] void* allocate(std::size_t size);
  void deallocate(void* memory) noexcept;

 protected:
  void completed() noexcept;  ///< Resumes the fiber if it waits.
  void wait();                ///< Until completed() was called.
  /// The operation failed: throws what cancelled it, if anything did.
  void throw_if_interrupted();

 private:
  struct Waiting;

  static constexpr std::size_t frame_memory = 320;
  alignas(std::max_align_t) std::byte memory_[frame_memory];
  alignas(void*) std::byte waiting_[64];
  bool memory_used_ = false;
  Waiting& waiting() noexcept;
};

/// An Allocator over AwaitBase::allocate.
template <class T>
class AwaitAllocator {
 public:
  using value_type = T;

  explicit AwaitAllocator(AwaitBase* operation) noexcept : operation_(operation) {}
  template <class U>
  AwaitAllocator(const AwaitAllocator<U>& other) noexcept  // NOLINT(google-explicit-constructor)
      : operation_(other.operation_) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(operation_->allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) noexcept { operation_->deallocate(memory); }

  template <class U>
  bool operator==(const AwaitAllocator<U>& other) const noexcept {
    return operation_ == other.operation_;
  }

 private:
  template <class>
  friend class AwaitAllocator;
  AwaitBase* operation_;
};

template <class... Values>
struct AwaitResult {
  using type = std::tuple<Values...>;
};
template <>
struct AwaitResult<> {
  using type = void;
};
template <class Value>
struct AwaitResult<Value> {
  using type = Value;
};

template <class First>
inline constexpr bool is_await_error =
    std::is_same_v<First, boost::system::error_code> || std::is_same_v<First, std::exception_ptr>;

/// Splits the error, if the operation reports one, from its values.
template <class... Values>
struct AwaitSignature {
  using Error = void;
  using Result = typename AwaitResult<Values...>::type;
};
template <class First, class... Values>
requires is_await_error<First>
struct AwaitSignature<First, Values...> {
  using Error = First;
  using Result = typename AwaitResult<Values...>::type;
};

/// One operation with the completion signature void(Values...).
template <class... Values>
class AwaitOperation : public AwaitBase {
  using Signature = AwaitSignature<Values...>;
  using Error = typename Signature::Error;

 public:
  using Result = typename Signature::Result;

  /// Given to Asio. One that is destroyed without having been called completes as abandoned.
  class Handler {
   public:
    using executor_type = boost::asio::io_context::executor_type;
    using cancellation_slot_type = boost::asio::cancellation_slot;
    using allocator_type = AwaitAllocator<void*>;

    explicit Handler(AwaitOperation* operation) noexcept : operation_(operation) {}
    Handler(Handler&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
    ~Handler() {
      if (operation_ != nullptr) {
        operation_->completed();
      }
    }

    void operator()(Values... values) {
      AwaitOperation* operation = std::exchange(operation_, nullptr);
      operation->values_.emplace(std::move(values)...);
      operation->completed();
    }

    [[nodiscard]] executor_type get_executor() const noexcept { return operation_->executor(); }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return operation_->slot();
    }
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type{operation_};
    }

   private:
    AwaitOperation* operation_;
  };

  /// Blocks until the operation has completed; its result, or what it throws.
  Result finish(boost::system::error_code* target) {
    wait();
    if (!values_) {
      throw_if_interrupted();
      throw boost::system::system_error(make_error_code(boost::system::errc::operation_canceled),
                                        "abandoned");
    }
    if constexpr (std::is_void_v<Error>) {
      return take(*values_);
    } else {
      return std::apply(
          [&](auto& error, auto&... values) -> Result {
            report(error, target);
            auto results = std::tie(values...);
            return take(results);
          },
          *values_);
    }
  }

 private:
  void report(boost::system::error_code& error, boost::system::error_code* target) {
    if (error) {
      throw_if_interrupted();
    }
    if (target != nullptr) {
      *target = error;
    } else if (error) {
      throw boost::system::system_error(error);
    }
  }
  void report(std::exception_ptr& error, boost::system::error_code*) {
    if (error) {
      throw_if_interrupted();
      std::rethrow_exception(error);
    }
  }

  template <class Tuple>
  static Result take(Tuple& values) {
    if constexpr (std::is_void_v<Result>) {
      return;
    } else if constexpr (std::tuple_size_v<Tuple> == 1) {
      return std::move(std::get<0>(values));
    } else {
      return std::apply([](auto&... each) { return Result{std::move(each)...}; }, values);
    }
  }

  std::optional<std::tuple<Values...>> values_;
};

}  // namespace thane::internal
