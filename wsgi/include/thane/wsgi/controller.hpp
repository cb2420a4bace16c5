// The methods behind a collection and its members, by the names that OpenStack gives them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <thane/wsgi/resource_request.hpp>
#include <thane/wsgi/resource_response.hpp>

namespace thane::wsgi {

/// A table of methods; a value. A Resource calls one of them for a request.
///
///     wsgi::Controller volumes;
///     volumes.index(list_volumes)                       // GET    /volumes
///         .create(create_volume, 202)                   // POST   /volumes
///         .show(show_volume)                            // GET    /volumes/{id}
///         .update(change_volume)                        // PUT    /volumes/{id}
///         .remove(delete_volume, 202)                   // DELETE /volumes/{id}
///         .method("detail", list_details)               // as the resource's routes say
///         .action("os-extend", extend_volume, 202);     // POST   /volumes/{id}/action
///
/// Methods run on the fiber of the request, several at a time. A wsgi::fault_error or request_error
/// that one throws is answered as JSON; so is an exception of nlohmann's for a body that does not
/// have what is asked of it, with 400.
class Controller {
 public:
  using Method = std::function<ResourceResponse(ResourceRequest&)>;
  /// What an extension does around a method: calls `next` or not, and changes what it returns.
  using Around = std::function<ResourceResponse(ResourceRequest&, const Method& next)>;

  /// `status` is that of answers with JSON or without a body. Each takes the place of one of the
  /// same name. Throw std::invalid_argument for an empty function.
  Controller& index(Method method, int status = 200);
  Controller& show(Method method, int status = 200);
  Controller& create(Method method, int status = 200);
  Controller& update(Method method, int status = 200);
  /// "delete", which is a word of C++.
  Controller& remove(Method method, int status = 202);
  Controller& method(std::string_view name, Method method, int status = 200);

  /// What is posted to /id/action as {"NAME": arguments}.
  Controller& action(std::string_view name, Method method, int status = 202);

  /// Around the method or action `name` of the controller that this one extends. Of several, the
  /// first is the outermost.
  Controller& extends(std::string_view name, Around around);
  Controller& extends_action(std::string_view name, Around around);

  /// Takes the actions of `other`, and puts what it extends around methods of this one. What this
  /// one has of the same name goes. Methods of `other` are not taken.
  void extend(const Controller& other);

  struct Entry {
    Method method;
    int status = 200;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  /// By name, each with all that extends it.
  [[nodiscard]] Entries methods() const { return methods_.wrapped(); }
  [[nodiscard]] Entries actions() const { return actions_.wrapped(); }

 private:
  struct Table {
    Entries entries;
    std::map<std::string, std::vector<Around>, std::less<>> around;

    void add(std::string_view name, Method method, int status);
    void wrap(std::string_view name, Around function);
    [[nodiscard]] Entries wrapped() const;
  };

  Table methods_;
  Table actions_;
};

}  // namespace thane::wsgi
