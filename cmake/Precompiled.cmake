# Two precompiled headers for the whole tree: one for code, one for tests. Dear headers of single
# files (Asio, simdjson, CLI11) stay out of them.
set(precompiled_code <algorithm> <array> <bit> <charconv> <chrono> <compare> <concepts> <coroutine>
    <cstddef> <cstdint> <cstring> <deque> <expected> <functional> <limits> <map> <memory> <numeric>
    <optional> <set> <span> <string> <string_view> <tuple> <type_traits> <unordered_map>
    <unordered_set> <utility> <variant> <vector> <fmt/format.h>)
set(precompiled_test ${precompiled_code} <gtest/gtest.h> <gmock/gmock.h>)

foreach(kind code test)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled_${kind}.cc "")
  add_library(precompiled_${kind} OBJECT ${CMAKE_BINARY_DIR}/precompiled_${kind}.cc)
  target_precompile_headers(precompiled_${kind} PRIVATE ${precompiled_${kind}})
  target_link_libraries(precompiled_${kind} PRIVATE fmt::fmt)
  set_target_properties(precompiled_${kind} PROPERTIES UNITY_BUILD OFF)
  target_compile_options(precompiled_${kind} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  # ccache takes this sum for the header's binary, which holds paths and so differs by clone.
  string(SHA256 sum "${precompiled_${kind}} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS} ${WEFT_FUZZ}")
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/precompiled_${kind}.dir/cmake_pch.hxx.pch.sum ${sum})
endforeach()

target_link_libraries(precompiled_test PRIVATE GTest::gtest)

function(weft_precompiled target kind)
  target_precompile_headers(${target} REUSE_FROM precompiled_${kind})
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()
