// A regular expression in a pattern: what the library has its engine for has to be linked.
#include <thane/wsgi/mapper.hpp>

bool routes_work() {
  thane::wsgi::Mapper mapper;
  mapper.connect("/{id:(a|b)+}");
  return mapper.match("/ab").has_value();
}
