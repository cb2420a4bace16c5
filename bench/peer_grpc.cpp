// peer_grpc: gRPC over a Unix socket, to measure others by.
//
//   ./peer_grpc serve SOCKET    prints "ready" when it serves
//   ./peer_grpc call SOCKET     reads what rounds to run (rpc_load.hpp)
//
// Both have one thread and one completion queue: of the ways to use gRPC in C++ the one that costs
// least, and what thane has as well.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peer_grpc.grpc.pb.h"
#include "rpc_load.hpp"

namespace {

using thane::bench::Echo;
using thane::bench::Round;
using thane::bench::Text;

// A call that is waited for, then answered, then makes room for the next one.
class Incoming {
 public:
  Incoming(Echo::AsyncService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {
    wait();
  }

  void proceed() {
    if (std::exchange(answered_, !answered_)) {
      wait();
    } else {
      call_->answer.set_text(std::move(*call_->question.mutable_text()));
      call_->responder.Finish(call_->answer, grpc::Status::OK, this);
    }
  }

 private:
  struct Call {
    grpc::ServerContext context{};
    Text question{};
    Text answer{};
    grpc::ServerAsyncResponseWriter<Text> responder{&context};
  };

  void wait() {
    call_ = std::make_unique<Call>();
    service_.RequestEcho(&call_->context, &call_->question, &call_->responder, &queue_, &queue_,
                         this);
  }

  Echo::AsyncService& service_;
  grpc::ServerCompletionQueue& queue_;
  std::unique_ptr<Call> call_;
  bool answered_ = false;
};

int serve(const std::string& address) {
  constexpr int most_at_a_time = 256;
  Echo::AsyncService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  std::vector<std::unique_ptr<Incoming>> calls;
  for (int i = 0; i < most_at_a_time; ++i) {
    calls.push_back(std::make_unique<Incoming>(service, *queue));
  }
  std::puts("ready");
  std::fflush(stdout);
  void* call = nullptr;
  for (bool ok = false; queue->Next(&call, &ok);) static_cast<Incoming*>(call)->proceed();
  return 0;
}

struct Outgoing {
  Round::Clock::time_point sent{};
  std::unique_ptr<grpc::ClientContext> context{};
  Text answer{};
  grpc::Status status{};
  std::unique_ptr<grpc::ClientAsyncResponseReader<Text>> reader{};
};

class Load {
 public:
  explicit Load(const std::string& address)
      : stub_(Echo::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    question_.set_text(thane::bench::call_text());
  }

  void run(Round& round) {
    std::vector<Outgoing> calls(round.outstanding());
    for (Outgoing& call : calls) begin(call, Round::Clock::now());
    for (std::size_t open = calls.size(); open > 0;) {
      void* tag = nullptr;
      bool ok = false;
      if (!queue_.Next(&tag, &ok)) std::abort();
      Outgoing& call = *static_cast<Outgoing*>(tag);
      if (!ok || !call.status.ok() || call.answer.text() != question_.text()) std::abort();
      const auto now = Round::Clock::now();
      round.answered(call.sent, now);
      if (round.over(now)) {
        --open;
      } else {
        begin(call, now);
      }
    }
  }

 private:
  void begin(Outgoing& call, Round::Clock::time_point now) {
    call.sent = now;
    call.context = std::make_unique<grpc::ClientContext>();
    call.reader = stub_->PrepareAsyncEcho(call.context.get(), question_, &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.answer, &call.status, &call);
  }

  std::unique_ptr<Echo::Stub> stub_;
  Text question_;
  grpc::CompletionQueue queue_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string address = "unix:" + std::string{argv[2]};
  if (std::string_view{argv[1]} == "serve") return serve(address);
  Load load{address};
  thane::bench::serve_rounds([&](Round& round) { load.run(round); });
  return 0;
}
