# How every target of the tree is compiled, and the one function that declares a module.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_library(thane_warnings INTERFACE)
target_compile_options(thane_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                       $<$<BOOL:${THANE_WERROR}>:-Werror>)

if(THANE_UNITY)
  # Where a source is included by another, g++ takes its anonymous namespaces for those of a header,
  # and what it declares for names that the next source shadows.
  target_compile_options(thane_warnings INTERFACE
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>
                         $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>)
endif()

# thane_build: what is compiled for its own sake. thane_build_tests: the texts of tests, which need
# no watch over their own arithmetic, and whose optimisation would take as long as to compile them.
add_library(thane_build INTERFACE)
add_library(thane_build_tests INTERFACE)
target_link_libraries(thane_build INTERFACE thane_warnings)
target_link_libraries(thane_build_tests INTERFACE thane_warnings)
target_compile_options(thane_build_tests INTERFACE -O0)
if(THANE_SANITIZE)
  string(REPLACE ",undefined" "" sanitize_tests "${THANE_SANITIZE}")
  target_compile_options(thane_build INTERFACE -fsanitize=${THANE_SANITIZE})
  target_compile_options(thane_build_tests INTERFACE -fsanitize=${sanitize_tests})
  target_compile_options(thane_warnings INTERFACE -fno-omit-frame-pointer)
  target_link_options(thane_warnings INTERFACE -fsanitize=${THANE_SANITIZE})
  if(THANE_SANITIZE MATCHES "thread")
    # Asio's fences are atomic_thread_fence, which TSan does not model; g++ warns at each.
    target_compile_options(thane_warnings INTERFACE -Wno-tsan)
  endif()
  if(THANE_SANITIZE MATCHES "undefined")
    # The check of vptrs opens a pipe to see whether memory is there: a process that is out of
    # descriptors, as some tests are, would be told that its objects are none.
    target_compile_options(thane_build INTERFACE -fno-sanitize-recover=undefined
                           -fno-sanitize=vptr)
  endif()
endif()
if(THANE_BUILD_FUZZERS)
  # libFuzzer looks for inputs that reach more of the code: all of it has to tell what it runs.
  target_compile_options(thane_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# thane_unity(TARGET modules|tests): its sources in eights, where THANE_UNITY asks for it.
function(thane_unity target kind)
  if(kind IN_LIST THANE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  endif()
endfunction()

# Headers that most sources include, parsed once for each target, where THANE_PRECOMPILE asks for
# it. Sources still include what they need, as the usual build has no such thing.
function(thane_precompile target)
  if(THANE_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span>
      <stdexcept> <string> <string_view> <system_error> <utility> <vector> <fmt/core.h> ${ARGN})
  endif()
endfunction()

# thane_module(NAME LINKS other-modules...): the library thane_NAME, alias thane::NAME, from all
# sources below src/. It sees its own include folders and those of the modules it links, no others:
# an include against the arrows of docs/architecture.md does not compile.
function(thane_module name)
  cmake_parse_arguments(MODULE "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*.cpp)
  add_library(thane_${name} ${sources})
  add_library(thane::${name} ALIAS thane_${name})
  set_target_properties(thane_${name} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                        INSTALL_RPATH $ORIGIN)  # They find each other, wherever they are.
  target_compile_features(thane_${name} PUBLIC cxx_std_20)
  target_include_directories(thane_${name}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE src)
  foreach(other IN LISTS MODULE_LINKS)
    target_link_libraries(thane_${name} PUBLIC thane_${other})
  endforeach()
  target_link_libraries(thane_${name} PRIVATE $<BUILD_INTERFACE:thane_build>)
  thane_unity(thane_${name} modules)
  if(NOT CMAKE_BUILD_TYPE MATCHES "Rel")  # g++ 12 warns of bounds in templates that it optimises.
    thane_precompile(thane_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY THANE_MODULES thane_${name})
endfunction()
