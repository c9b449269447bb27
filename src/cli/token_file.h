// cli/token_file.h: the file of --token-auth-file, as kube-apiserver reads it.

#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "server/auth.h"

namespace weft::cli {

// Lines of token,user,uid and, in quotes where there are several, groups; empty lines and those
// that begin with # say nothing. No file name: no tokens. Errors name file and line, never the
// token. Source of the behaviour: --token-auth-file of kube-apiserver 1.36.
[[nodiscard]] Result<std::vector<server::StaticToken>> read_token_file(const std::string& file);

}  // namespace weft::cli
