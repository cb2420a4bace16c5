#include "mangled_operators.hpp"

#include <algorithm>
#include <array>

namespace thane::internal {

namespace {

constexpr std::array operators{
    MangledOperator{"aN", "&=", "ee"},      MangledOperator{"aS", "=", "ee"},
    MangledOperator{"aa", "&&", "ee"},      MangledOperator{"ad", "&", "e"},
    MangledOperator{"an", "&", "ee"},       MangledOperator{"at", "", "t"},
    MangledOperator{"aw", "co_await", "e"}, MangledOperator{"az", "", "e"},
    MangledOperator{"cc", "", "te"},        MangledOperator{"cl", "()", "e*"},
    MangledOperator{"cm", ",", "ee"},       MangledOperator{"co", "~", "e"},
    MangledOperator{"cp", "", "e*"},        MangledOperator{"dV", "/=", "ee"},
    MangledOperator{"da", "delete[]", "e"}, MangledOperator{"dc", "", "te"},
    MangledOperator{"de", "*", "e"},        MangledOperator{"dl", "delete", "e"},
    MangledOperator{"ds", "", "ee"},        MangledOperator{"dt", "", "ee"},
    MangledOperator{"dv", "/", "ee"},       MangledOperator{"eO", "^=", "ee"},
    MangledOperator{"eo", "^", "ee"},       MangledOperator{"eq", "==", "ee"},
    MangledOperator{"ge", ">=", "ee"},      MangledOperator{"gs", "", "e"},
    MangledOperator{"gt", ">", "ee"},       MangledOperator{"il", "", "e*"},
    MangledOperator{"ix", "[]", "ee"},      MangledOperator{"lS", "<<=", "ee"},
    MangledOperator{"le", "<=", "ee"},      MangledOperator{"ls", "<<", "ee"},
    MangledOperator{"lt", "<", "ee"},       MangledOperator{"mI", "-=", "ee"},
    MangledOperator{"mL", "*=", "ee"},      MangledOperator{"mi", "-", "ee"},
    MangledOperator{"ml", "*", "ee"},       MangledOperator{"mm", "--", "e"},
    MangledOperator{"na", "new[]", ""},     MangledOperator{"ne", "!=", "ee"},
    MangledOperator{"ng", "-", "e"},        MangledOperator{"nt", "!", "e"},
    MangledOperator{"nw", "new", ""},       MangledOperator{"nx", "", "e"},
    MangledOperator{"oR", "|=", "ee"},      MangledOperator{"oo", "||", "ee"},
    MangledOperator{"or", "|", "ee"},       MangledOperator{"pL", "+=", "ee"},
    MangledOperator{"pl", "+", "ee"},       MangledOperator{"pm", "->*", "ee"},
    MangledOperator{"pp", "++", "e"},       MangledOperator{"ps", "+", "e"},
    MangledOperator{"pt", "->", "ee"},      MangledOperator{"qu", "?", "eee"},
    MangledOperator{"rM", "%=", "ee"},      MangledOperator{"rS", ">>=", "ee"},
    MangledOperator{"rc", "", "te"},        MangledOperator{"rm", "%", "ee"},
    MangledOperator{"rs", ">>", "ee"},      MangledOperator{"sP", "", "a*"},
    MangledOperator{"sZ", "", "e"},         MangledOperator{"sc", "", "te"},
    MangledOperator{"sp", "", "e"},         MangledOperator{"ss", "<=>", "ee"},
    MangledOperator{"st", "", "t"},         MangledOperator{"sz", "", "e"},
    MangledOperator{"te", "", "e"},         MangledOperator{"ti", "", "t"},
    MangledOperator{"tl", "", "te*"},       MangledOperator{"tw", "", "e"},
};
static_assert(std::ranges::is_sorted(operators, {}, &MangledOperator::code));

}  // namespace

const MangledOperator* find_mangled_operator(std::string_view code) noexcept {
  const auto* const found = std::ranges::lower_bound(operators, code, {}, &MangledOperator::code);
  return found != operators.end() && found->code == code ? found : nullptr;
}

}  // namespace thane::internal
