// cli/completion.cc: `weft completion bash|zsh|fish`. The script asks the program itself, so that
// it never falls behind the flags: `weft __complete WORDS…` prints one candidate a line.

#include "cli/commands.h"

namespace weft::cli {

namespace {

constexpr std::string_view bash =
    R"script(# bash completion for weft: source <(weft completion bash)
_weft() {
    local IFS=$'\n'
    COMPREPLY=($(weft __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [ ${#COMPREPLY[@]} -eq 0 ]; then
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
    fi
}
complete -o filenames -F _weft weft
)script";

constexpr std::string_view zsh = R"script(#compdef weft
# zsh completion for weft: source <(weft completion zsh)
_weft() {
    local -a found
    found=("${(@f)$(weft __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n ${found[1]} ]]; then
        compadd -- $found
    else
        _files
    fi
}
compdef _weft weft
)script";

constexpr std::string_view fish = R"script(# fish completion for weft: weft completion fish | source
function __weft_complete
    set -l words (commandline -opc) (commandline -ct)
    weft __complete $words[2..-1] 2>/dev/null
end
complete -c weft -a '(__weft_complete)'
)script";

}  // namespace

std::string completion_script(const std::string& shell) {
    if (shell == "bash") {
        return std::string(bash);
    }
    if (shell == "zsh") {
        return std::string(zsh);
    }
    return shell == "fish" ? std::string(fish) : std::string();
}

}  // namespace weft::cli
