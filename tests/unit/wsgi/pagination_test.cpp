#include <thane/wsgi/pagination.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "made_request.hpp"

using thane::testing::MadeRequest;
using thane::wsgi::fault_error;
using thane::wsgi::limited;
using thane::wsgi::limited_by_marker;
using thane::wsgi::next_link;
using thane::wsgi::Page;
using thane::wsgi::page_of;

namespace {

struct Item {
  std::string id;
};
const std::vector<Item> items{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}};

Page page(const std::string& query, int max_limit = 1000) {
  MadeRequest request{"GET", "/volumes" + query};
  return page_of(*request, max_limit);
}

std::string ids(const auto& some) {
  std::string all;
  for (const Item& item : some) all += item.id;
  return all;
}

std::string next(const std::string& query, std::size_t count, int max_limit = 1000,
                 const char* endpoint = "") {
  MadeRequest request{"GET", "/v2/p/volumes" + query};
  request->shift_path(3);
  return next_link(*request, page_of(*request, max_limit), count, "last", endpoint)
      .value_or("none");
}

TEST_CASE("a page is what the query says, and never larger than the maximum") {
  CHECK(page("").limit == 1000);
  CHECK(page("?limit=3&marker=b&offset=2").limit == 3);
  CHECK(page("?limit=3&marker=b&offset=2").marker == "b");
  CHECK(page("?limit=3&marker=b&offset=2").offset == 2);
  CHECK(page("?limit=5000").limit == 1000);
  CHECK(page("?limit=5", 2).limit == 2);
  CHECK(page("?limit=0").limit == 0);
}

TEST_CASE("what is no number, or a negative one, is fault 400") {
  CHECK_THROWS_WITH_AS(page("?limit=x"), "limit param must be an integer", fault_error);
  CHECK_THROWS_WITH_AS(page("?limit="), "limit param must be an integer", fault_error);
  CHECK_THROWS_WITH_AS(page("?limit=99999999999999999999"), "limit param must be an integer",
                       fault_error);
  CHECK_THROWS_WITH_AS(page("?limit=-1"), "limit param must be positive", fault_error);
  CHECK_THROWS_WITH_AS(page("?offset=1.5"), "offset param must be an integer", fault_error);
  CHECK_THROWS_WITH_AS(page("?offset=-1"), "offset must be >= 0", fault_error);
}

TEST_CASE("a collection is cut by offset or behind the marker") {
  CHECK(ids(limited(items, page("?limit=2&offset=1"))) == "bc");
  CHECK(ids(limited(items, page("?offset=4"))) == "e");
  CHECK(ids(limited(items, page("?offset=9223372036854775807"))).empty());
  CHECK(ids(limited_by_marker(items, page("?limit=2"), &Item::id)) == "ab");
  CHECK(ids(limited_by_marker(items, page("?limit=2&marker=b"), &Item::id)) == "cd");
  CHECK(ids(limited_by_marker(items, page("?marker=e"), &Item::id)).empty());
  CHECK_THROWS_WITH_AS((void)limited_by_marker(items, page("?marker=x"), &Item::id),
                       "marker [x] not found", fault_error);
}

TEST_CASE("a full page has a link to the next, which keeps the query but for where it begins") {
  CHECK(next("?limit=2", 2) == "http://h/v2/p/volumes?limit=2&marker=last");
  CHECK(next("?name=a+b&marker=x&limit=2&offset=4", 2) ==
        "http://h/v2/p/volumes?limit=2&marker=last&name=a+b");
  CHECK(next("", 3, 3) == "http://h/v2/p/volumes?marker=last");
  CHECK(next("?limit=2", 1) == "none");
  CHECK(next("?limit=0", 0) == "none");
  CHECK(next("?limit=1", 1, 9, "https://api/volume/") ==
        "https://api/volume/v2/p/volumes?limit=1&marker=last");
}

TEST_CASE("the link stands beside the list") {
  MadeRequest request{"GET", "/volumes?limit=1"};
  nlohmann::json content{{"volumes", {"a"}}};
  thane::wsgi::add_next_link(content, "volumes", *request, page_of(*request), "a");
  CHECK(content["volumes_links"][0]["rel"] == "next");
  CHECK(content["volumes_links"][0]["href"] == "http://h/volumes?limit=1&marker=a");
  nlohmann::json rest{{"volumes", nlohmann::json::array()}};
  thane::wsgi::add_next_link(rest, "volumes", *request, page_of(*request), "");
  CHECK_FALSE(rest.contains("volumes_links"));
}

TEST_CASE("a link is encoded again, where it is mounted and what it asks for") {
  MadeRequest request{"GET", "/a%20b/c%3Fd?limit=1"};
  request->shift_path(4);
  CHECK(next_link(*request, page_of(*request), 1, "x y").value_or("none") ==
        "http://h/a%20b/c%3Fd?limit=1&marker=x+y");
}

}  // namespace
