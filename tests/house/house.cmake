# Tests of the tree itself: house rules, format, clang-tidy, and that it installs what others can
# use. What computes for minutes begins first and yields to the tests beside it, most of which wait.
thane_test_program(house.tidy tidy_test.cpp house/rules.cpp house/lexer.cpp house/rules_test.cpp)
thane_test(house.tidy house.tidy unit 60)

if(NOT BUILD_SHARED_LIBS AND THANE_INSTALL)
  add_test(NAME packaging COMMAND nice ${CMAKE_CURRENT_SOURCE_DIR}/packaging/packaging_test.sh
           ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR}/packaging)
  set_tests_properties(packaging PROPERTIES LABELS integration TIMEOUT 2400 COST 900
                       ENVIRONMENT "CXX=${CMAKE_CXX_COMPILER}")
endif()

# These two run in ./check (ctest -C Check) alone; a plain ctest stays fast.
add_test(NAME house.format CONFIGURATIONS Check
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/house/format.sh ${PROJECT_SOURCE_DIR})
add_test(NAME house.clang_tidy CONFIGURATIONS Check
         COMMAND nice -n 19 ${CMAKE_CURRENT_SOURCE_DIR}/house/clang_tidy.py ${PROJECT_BINARY_DIR})
set_tests_properties(house.format house.clang_tidy PROPERTIES LABELS house TIMEOUT 1800)
set_tests_properties(house.clang_tidy PROPERTIES COST 1000)
add_test(NAME house.bootstrap
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/house/bootstrap_test.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(house.bootstrap PROPERTIES LABELS house TIMEOUT 60)
