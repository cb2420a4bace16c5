# The libraries thane stands on; docs/decisions/0001-dependencies.md gives the reason for each.
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS context program_options)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(fmt 9 CONFIG REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
if(THANE_BUILD_TESTS)
  find_package(doctest 2.4 CONFIG REQUIRED)
endif()
