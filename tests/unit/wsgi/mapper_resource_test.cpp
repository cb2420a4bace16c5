#include <doctest/doctest.h>

#include <string>

#include <thane/wsgi/mapper.hpp>
#include <thane/wsgi/submapper.hpp>

#include "route_text.hpp"

using thane::testing::text_of;
using thane::wsgi::Mapper;

namespace {

struct Items {
  Mapper mapper;

  Items() {
    mapper.resource("item", "items",
                    {.collection = {{"detail", "GET"}, {"batch", "POST"}},
                     .member = {{"act", "POST"}, {"log", "get"}},
                     .new_ = {{"preview", "POST"}}});
  }
  std::string ask(std::string_view method, std::string_view path) const {
    auto text = text_of(mapper, path, method);
    const auto controller = text.find("controller=items ");
    return controller == text.npos ? text : text.erase(controller, 17);
  }
};

TEST_CASE_FIXTURE(Items, "a resource has seven actions, by method and path") {
  CHECK(ask("GET", "/items") == "action=index");
  CHECK(ask("POST", "/items") == "action=create");
  CHECK(ask("GET", "/items/new") == "action=new");
  CHECK(ask("GET", "/items/7") == "id=7 action=show");
  CHECK(ask("PUT", "/items/7") == "id=7 action=update");
  CHECK(ask("DELETE", "/items/7") == "id=7 action=delete");
  CHECK(ask("GET", "/items/7/edit") == "id=7 action=edit");
}

TEST_CASE_FIXTURE(Items, "each action may have a format, taken from the right") {
  CHECK(ask("GET", "/items.json") == "format=json action=index");
  CHECK(ask("POST", "/items.xml") == "format=xml action=create");
  CHECK(ask("GET", "/items/new.json") == "format=json action=new");
  CHECK(ask("GET", "/items/7/edit.json") == "id=7 format=json action=edit");
  CHECK(ask("GET", "/items/1.2.json") == "id=1.2 format=json action=show");
  CHECK(ask("PUT", "/items/1.2") == "id=1 format=2 action=update");
}

TEST_CASE_FIXTURE(Items, "PATCH, HEAD and other methods match nothing") {
  for (const char* method : {"PATCH", "HEAD", "OPTIONS", "get"}) {
    CHECK(ask(method, "/items/7") == "no match");
    CHECK(ask(method, "/items") == "no match");
  }
  CHECK(ask("GET", "/items/") == "no match");
  CHECK(ask("GET", "/items/a\\") == "no match");
}

TEST_CASE_FIXTURE(Items, "actions of its own answer to their methods") {
  CHECK(ask("GET", "/items/detail") == "action=detail");
  CHECK(ask("POST", "/items/batch") == "action=batch");
  CHECK(ask("POST", "/items/7/act") == "id=7 action=act");
  CHECK(ask("GET", "/items/7/log.txt") == "id=7 format=txt action=log");
  CHECK(ask("POST", "/items/new/preview") == "action=preview");
}

TEST_CASE_FIXTURE(Items, "GET of an action that is for POST shows the member of that name") {
  CHECK(ask("GET", "/items/batch") == "id=batch action=show");
}

TEST_CASE("actions for a method that has no usual one take the path itself, as in Routes") {
  Mapper mapper;
  mapper.resource("item", "items", {.collection = {{"purge", "DELETE"}, {"all", "ANY"}}});
  CHECK(text_of(mapper, "/items", "DELETE") == "controller=items action=purge");
  CHECK(text_of(mapper, "/items", "ANY") == "controller=items action=all");
  CHECK(text_of(mapper, "/items/all", "GET") == "id=all controller=items action=show");
}

TEST_CASE("prefixes, a controller and a parent change paths and names") {
  Mapper mapper;
  mapper.resource("item", "items",
                  {.controller = "stock", .path_prefix = "/{project}", .name_prefix = "p_"});
  mapper.resource("part", "parts",
                  {.parent_resource = {{.member_name = "item", .collection_name = "items"}}});
  CHECK(text_of(mapper, "/acme/items/7", "GET") ==
        "project=acme id=7 controller=stock action=show");
  CHECK(mapper.generate("p_edit_item", {{"project", "acme"}, {"id", "7"}}) == "/acme/items/7/edit");
  CHECK(text_of(mapper, "/items/7/parts/8", "GET") ==
        "item_id=7 id=8 controller=parts action=show");
  CHECK(mapper.generate("item_parts", {{"item_id", "7"}}) == "/items/7/parts");
}

TEST_CASE("requirements of a resource hold for its collection; members have their own") {
  Mapper mapper;
  mapper.resource("item", "items", {.path_prefix = "{p}", .requirements = {{"p", R"(\d+)"}}});
  CHECK(text_of(mapper, "/x/items", "GET") == "no match");
  CHECK(text_of(mapper, "/7/items", "GET") == "p=7 controller=items action=index");
  CHECK(text_of(mapper, "/x/items/7", "GET") == "p=x id=7 controller=items action=show");
}

TEST_CASE("submappers put prefixes together and override the rest") {
  Mapper mapper;
  auto outer = mapper.submapper({.path_prefix = "/v2",
                                 .name_prefix = "v2_",
                                 .controller = "outer",
                                 .requirements = {{"id", R"(\d+)"}},
                                 .conditions = {.methods = {"GET"}}});
  auto inner = outer.submapper({.path_prefix = "/{project}", .name_prefix = "in_"});
  inner.connect("one", "/x/{id}", {.action = "a"});
  inner.connect("/y/{id}", {.controller = "own",
                            .action = "b",
                            .requirements = {{"id", "[a-z]+"}},
                            .conditions = {.methods = {"POST"}}});
  CHECK(text_of(mapper, "/v2/p/x/7", "GET") == "project=p id=7 controller=outer action=a");
  CHECK(text_of(mapper, "/v2/p/x/a", "GET") == "no match");
  CHECK(text_of(mapper, "/v2/p/x/7", "POST") == "no match");
  CHECK(text_of(mapper, "/v2/p/y/a", "POST") == "project=p id=a controller=own action=b");
  CHECK(mapper.generate("v2_in_one", {{"project", "p"}, {"id", "7"}}) == "/v2/p/x/7");
}

TEST_CASE("submappers make actions and links, with formats unless told otherwise") {
  Mapper mapper;
  auto entries = mapper.submapper({.path_prefix = "/entries",
                                   .controller = "entry",
                                   .collection_name = "entries",
                                   .actions = {"index", "create"}});
  entries.link("recent", {.formatted = false});
  CHECK(text_of(mapper, "/entries.xml", "GET") == "format=xml controller=entry action=index");
  CHECK(text_of(mapper, "/entries", "POST") == "format=None controller=entry action=create");
  CHECK(text_of(mapper, "/entries/recent", "GET") == "controller=entry action=recent");
  CHECK(text_of(mapper, "/entries/recent.xml", "GET") == "no match");
  CHECK(mapper.generate("entries") == "/entries");
  CHECK(mapper.generate("recent_entry") == "/entries/recent");
  CHECK_THROWS_AS(entries.add_action("other"), std::invalid_argument);
  CHECK_THROWS_AS(entries.action({}), std::invalid_argument);
}

TEST_CASE("a collection has a submapper for its members") {
  Mapper mapper;
  auto [collection, member] = mapper.collection("entries", "entry", {.path_prefix = "/v1"});
  member.link("ping", {.method = "POST"});
  CHECK(text_of(mapper, "/v1/entries", "GET") == "format=None controller=entry action=index");
  CHECK(text_of(mapper, "/v1/entries/7", "DELETE") ==
        "id=7 format=None controller=entry action=delete");
  CHECK(text_of(mapper, "/v1/entries/7/ping", "POST") ==
        "id=7 format=None controller=entry action=ping");
  CHECK(mapper.generate("edit_entry", {{"id", "1"}, {"format", "xml"}}) ==
        "/v1/entries/1/edit.xml");
  collection.connect("/all", {.action = "all"});
  CHECK(text_of(mapper, "/v1/entries/all", "PUT") == "controller=entry action=all");
}

TEST_CASE("a table takes in the routes of another one behind a prefix") {
  Mapper inner{{.minimization = true}};
  inner.connect("home", "/a/:id", {.defaults = {{"id", "0"}}});
  inner.redirect("/old", "/new");
  Mapper mapper;
  mapper.extend(inner, "/sub");
  CHECK(text_of(mapper, "/sub/a") == "id=0");
  CHECK(text_of(mapper, "/a") == "no match");
  CHECK(mapper.match("/sub/old")->redirect_status == 302);
  CHECK(mapper.generate("home", {{"id", "3"}}) == "/sub/a/3");
}

}  // namespace
