// What a section of a Paste file says: keys and values in the order of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thane::wsgi {

/// An ordered map from string to string; a value. What factories get as global_conf and local_conf.
/// Keys are case-sensitive. A key keeps its place when it is set again.
///
///     wsgi::Application make_files(const Settings&, const Settings& local_conf) {
///       const std::string root = local_conf.get("root");
///       const auto most = local_conf.get_integer("most", 100);
///       ...
///
/// The typed getters throw std::invalid_argument with a sentence that names the key; out of a
/// factory it becomes a load_error of category `value`, with file and section before it.
class Settings {
 public:
  using Entry = std::pair<std::string, std::string>;

  Settings() = default;
  Settings(std::initializer_list<Entry> entries);

  /// The value; nullopt if there is none. It is valid until the next change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key).has_value(); }

  /// The value. Throws std::invalid_argument if there is none.
  [[nodiscard]] std::string get(std::string_view key) const;
  [[nodiscard]] std::string get(std::string_view key, std::string_view fallback) const;
  /// true, yes, on, y, t, 1 or false, no, off, n, f, 0, in any case (Paste's asbool); `fallback` if
  /// there is no such key. Throws for anything else.
  [[nodiscard]] bool get_boolean(std::string_view key, bool fallback) const;
  /// A decimal number with or without a sign; `fallback` if there is no such key. Throws for
  /// anything else.
  [[nodiscard]] std::int64_t get_integer(std::string_view key, std::int64_t fallback) const;
  /// The words of the value, between white space; none if there is no such key.
  [[nodiscard]] std::vector<std::string> get_words(std::string_view key) const;

  void set(std::string_view key, std::string_view value);
  /// Sets all that `other` has.
  void update(const Settings& other);
  /// Takes a key out and returns its value; nullopt if there is none.
  std::optional<std::string> take(std::string_view key);

  [[nodiscard]] std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  [[nodiscard]] std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// Same entries in the same order.
  friend bool operator==(const Settings& a, const Settings& b) { return a.entries_ == b.entries_; }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace thane::wsgi
