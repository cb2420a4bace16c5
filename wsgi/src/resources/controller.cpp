#include <thane/wsgi/controller.hpp>

#include <stdexcept>
#include <utility>

namespace thane::wsgi {

void Controller::Table::add(std::string_view name, Method method, int status) {
  if (!method) {
    throw std::invalid_argument("a Controller's \"" + std::string{name} + "\" is empty");
  }
  (void)Response{status};  // It is one, or throws.
  entries.insert_or_assign(std::string{name}, Entry{std::move(method), status});
}

void Controller::Table::wrap(std::string_view name, Around function) {
  if (!function) {
    throw std::invalid_argument("what extends \"" + std::string{name} + "\" is empty");
  }
  around[std::string{name}].push_back(std::move(function));
}

Controller::Entries Controller::Table::wrapped() const {
  Entries result = entries;
  for (const auto& [name, functions] : around) {
    const auto found = result.find(name);
    if (found == result.end()) continue;  // Nothing is there to be extended.
    Method& method = found->second.method;
    for (auto one = functions.rbegin(); one != functions.rend(); ++one) {
      method = [function = *one, next = std::move(method)](ResourceRequest& request) {
        return function(request, next);
      };
    }
  }
  return result;
}

Controller& Controller::index(Method method, int status) {
  return this->method("index", std::move(method), status);
}
Controller& Controller::show(Method method, int status) {
  return this->method("show", std::move(method), status);
}
Controller& Controller::create(Method method, int status) {
  return this->method("create", std::move(method), status);
}
Controller& Controller::update(Method method, int status) {
  return this->method("update", std::move(method), status);
}
Controller& Controller::remove(Method method, int status) {
  return this->method("delete", std::move(method), status);
}

Controller& Controller::method(std::string_view name, Method method, int status) {
  methods_.add(name, std::move(method), status);
  return *this;
}

Controller& Controller::action(std::string_view name, Method method, int status) {
  actions_.add(name, std::move(method), status);
  return *this;
}

Controller& Controller::extends(std::string_view name, Around around) {
  methods_.wrap(name, std::move(around));
  return *this;
}

Controller& Controller::extends_action(std::string_view name, Around around) {
  actions_.wrap(name, std::move(around));
  return *this;
}

void Controller::extend(const Controller& other) {
  for (const auto& [name, entry] : other.actions_.entries) {
    actions_.entries.insert_or_assign(name, entry);
  }
  for (const auto& [own, others] :
       {std::pair{&methods_, &other.methods_}, std::pair{&actions_, &other.actions_}}) {
    for (const auto& [name, functions] : others->around) {
      auto& all = own->around[name];
      all.insert(all.end(), functions.begin(), functions.end());
    }
  }
}

}  // namespace thane::wsgi
