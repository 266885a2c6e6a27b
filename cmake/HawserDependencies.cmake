# Third-party libraries, each behind one alias so that only this file knows how a distribution ships it.
include(CheckCXXSourceCompiles)
find_package(PkgConfig REQUIRED)

function(hawser_pkg_config alias module)
  pkg_check_modules(${alias} REQUIRED IMPORTED_TARGET ${module})
  add_library(hawser::${alias} ALIAS PkgConfig::${alias})
endfunction()

hawser_pkg_config(libuv libuv)
hawser_pkg_config(xxhash libxxhash)
hawser_pkg_config(re2 re2)

# ares_query is deprecated from c-ares 1.28 on in favour of what 1.18 (Debian 12) does not have. Answers are read with
# the C library's own parser, which glibc has in a library of its own.
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
add_library(hawser_cares INTERFACE)
target_link_libraries(hawser_cares INTERFACE PkgConfig::cares)
target_compile_definitions(hawser_cares INTERFACE CARES_NO_DEPRECATED)
find_library(RESOLV_LIBRARY resolv)
if(RESOLV_LIBRARY)
  target_link_libraries(hawser_cares INTERFACE resolv)
endif()
# musl has none.
check_cxx_source_compiles("
  #include <netinet/in.h>
  #include <resolv.h>
  int main() { struct __res_state state{}; return res_ninit(&state); }" HAWSER_HAS_RES_NINIT)
if(HAWSER_HAS_RES_NINIT)
  target_compile_definitions(hawser_cares INTERFACE HAWSER_HAS_RES_NINIT)
endif()
add_library(hawser::cares ALIAS hawser_cares)

find_package(OpenSSL 3.0 REQUIRED)
add_library(hawser_openssl INTERFACE)
target_link_libraries(hawser_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
add_library(hawser::openssl ALIAS hawser_openssl)

find_package(yaml-cpp REQUIRED)
add_library(hawser_yaml_cpp INTERFACE)
if(TARGET yaml-cpp::yaml-cpp)
  target_link_libraries(hawser_yaml_cpp INTERFACE yaml-cpp::yaml-cpp)
else()
  target_link_libraries(hawser_yaml_cpp INTERFACE yaml-cpp)
endif()
add_library(hawser::yaml_cpp ALIAS hawser_yaml_cpp)

# spdlog and fmt by their headers alone: the little that is used of them takes less memory at rest than two libraries.
find_package(spdlog REQUIRED)
get_target_property(spdlog_include_folders spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
add_library(hawser_spdlog INTERFACE)
target_include_directories(hawser_spdlog SYSTEM INTERFACE "${spdlog_include_folders}")
target_compile_definitions(hawser_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
add_library(hawser::spdlog ALIAS hawser_spdlog)

# llhttp: a library where the distribution has one (Debian 13), else the C sources of node-llhttp (Debian 12).
find_library(LLHTTP_LIBRARY llhttp)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATH_SUFFIXES llhttp PATHS /usr/share/include)
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
if(LLHTTP_LIBRARY AND LLHTTP_INCLUDE_DIR)
  add_library(hawser_llhttp INTERFACE)
  target_include_directories(hawser_llhttp SYSTEM INTERFACE "${LLHTTP_INCLUDE_DIR}")
  target_link_libraries(hawser_llhttp INTERFACE "${LLHTTP_LIBRARY}")
elseif(LLHTTP_SOURCE_DIR AND LLHTTP_INCLUDE_DIR)
  add_library(hawser_llhttp STATIC
    "${LLHTTP_SOURCE_DIR}/llhttp.c" "${LLHTTP_SOURCE_DIR}/api.c" "${LLHTTP_SOURCE_DIR}/http.c")
  target_include_directories(hawser_llhttp SYSTEM PUBLIC "${LLHTTP_INCLUDE_DIR}")
  target_compile_definitions(hawser_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(hawser_llhttp PRIVATE -w)
else()
  message(FATAL_ERROR "llhttp not found: install libllhttp-dev, or node-llhttp on Debian 12")
endif()
add_library(hawser::llhttp ALIAS hawser_llhttp)
