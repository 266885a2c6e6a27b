# Compiler settings that every target of ours shares, through the interface target hawser_options.
option(HAWSER_BUILD_TESTS "Build the unit tests" ON)
option(HAWSER_BUILD_FUZZERS "Build the libFuzzer targets (needs clang 19 or later)" OFF)
option(HAWSER_WERROR "Treat warnings as errors" OFF)
set(HAWSER_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(HAWSER_CCACHE ccache)
if(HAWSER_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${HAWSER_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HAWSER_CCACHE}")
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(hawser_options INTERFACE)
target_include_directories(hawser_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(hawser_options INTERFACE Threads::Threads)
target_compile_options(hawser_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in std::string that cannot be (GCC bug 105651).
  target_compile_options(hawser_options INTERFACE -Wno-restrict)
endif()
target_compile_definitions(hawser_options INTERFACE HAWSER_VERSION="${PROJECT_VERSION}")
if(HAWSER_WERROR)
  target_compile_options(hawser_options INTERFACE -Werror)
endif()
if(HAWSER_SANITIZE)
  add_compile_options(-fsanitize=${HAWSER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # The check of vptr opens a pipe to look at memory: out of descriptors it takes every object for a dead one.
  add_compile_options(-fno-sanitize=vptr)
  add_link_options(-fsanitize=${HAWSER_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What the sanitizers insert makes g++ see uninitialised values in std::regex and std::function.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
