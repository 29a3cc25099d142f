# How every target of the project is built: one place for the language level, warnings and helpers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(RESCIND_CCACHE ccache)
if(RESCIND_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RESCIND_CCACHE})
endif()

add_library(rescind_warnings INTERFACE)
target_compile_options(rescind_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum -Wnull-dereference
  $<$<BOOL:${RESCIND_WERROR}>:-Werror>)

# rescind_library(NAME SOURCES a.cc … [DEPS target …] [PRIVATE_DEPS target …])
# A static library rescind_NAME with alias rescind::NAME; includes are rooted at engine/ and at the
# repository root (for connectors/…).
function(rescind_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(rescind_${name} STATIC ${ARG_SOURCES})
  add_library(rescind::${name} ALIAS rescind_${name})
  target_include_directories(rescind_${name} PUBLIC ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR})
  target_link_libraries(rescind_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} rescind_warnings)
endfunction()

# rescind_test(NAME SOURCES a.cc … DEPS target …): one doctest program registered with ctest.
function(rescind_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/doctest_main.cc)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE RESCIND_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} rescind_warnings)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
