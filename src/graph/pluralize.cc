// graph/pluralize.cc: irregular words first, then suffixes in their order of precedence.

#include "graph/pluralize.h"

#include <algorithm>
#include <array>

namespace weft::graph {

namespace {

// What is special about an irregular word.
enum class Use : unsigned char {
    compound,  // also as the end of a longer word: "webchild" -> "webchildren"
    exact,     // only as the whole word
    one_way,   // its plural is not recognised as a plural
};

struct Irregular {
    std::string_view singular;
    std::string_view plural;
    std::string_view alternative;  // another plural that is recognised, never made
    Use use = Use::compound;
};

struct Suffix {
    std::string_view singular;
    std::string_view plural;
};

constexpr std::array irregulars = {
    Irregular{"aircraft", "aircraft", "", Use::compound},
    Irregular{"beef", "beef", "beefs", Use::compound},
    Irregular{"bison", "bison", "", Use::compound},
    Irregular{"blues", "blues", "", Use::one_way},
    Irregular{"chassis", "chassis", "", Use::compound},
    Irregular{"deer", "deer", "", Use::compound},
    Irregular{"fish", "fish", "fishes", Use::compound},
    Irregular{"moose", "moose", "", Use::compound},
    Irregular{"police", "police", "", Use::compound},
    Irregular{"salmon", "salmon", "salmons", Use::compound},
    Irregular{"series", "series", "", Use::compound},
    Irregular{"sheep", "sheep", "", Use::compound},
    Irregular{"shrimp", "shrimp", "shrimps", Use::compound},
    Irregular{"species", "species", "", Use::compound},
    Irregular{"swine", "swine", "swines", Use::compound},
    Irregular{"trout", "trout", "trouts", Use::compound},
    Irregular{"tuna", "tuna", "tunas", Use::compound},
    Irregular{"you", "you", "", Use::compound},
    Irregular{"child", "children", "", Use::compound},
    Irregular{"ox", "oxen", "", Use::exact},
    Irregular{"foot", "feet", "", Use::compound},
    Irregular{"goose", "geese", "", Use::compound},
    Irregular{"man", "men", "", Use::compound},
    Irregular{"human", "humans", "", Use::compound},
    Irregular{"louse", "lice", "", Use::exact},
    Irregular{"mouse", "mice", "", Use::compound},
    Irregular{"tooth", "teeth", "", Use::compound},
    Irregular{"woman", "women", "", Use::compound},
    Irregular{"die", "dice", "", Use::exact},
    Irregular{"person", "people", "", Use::compound},
    Irregular{"adieu", "adieux", "adieus", Use::compound},
    Irregular{"fabliau", "fabliaux", "", Use::compound},
    Irregular{"bureau", "bureaus", "bureaux", Use::compound},
    Irregular{"criterion", "criteria", "", Use::compound},
    Irregular{"ganglion", "ganglia", "ganglions", Use::compound},
    Irregular{"lexicon", "lexica", "lexicons", Use::compound},
    Irregular{"mitochondrion", "mitochondria", "mitochondrions", Use::compound},
    Irregular{"noumenon", "noumena", "", Use::compound},
    Irregular{"phenomenon", "phenomena", "", Use::compound},
    Irregular{"taxon", "taxa", "", Use::compound},
    Irregular{"media", "media", "", Use::compound},
    Irregular{"medium", "media", "mediums", Use::one_way},
    Irregular{"stadium", "stadiums", "stadia", Use::compound},
    Irregular{"aquarium", "aquaria", "aquariums", Use::compound},
    Irregular{"auditorium", "auditoria", "auditoriums", Use::compound},
    Irregular{"symposium", "symposia", "symposiums", Use::compound},
    Irregular{"curriculum", "curriculums", "curricula", Use::compound},
    Irregular{"quota", "quotas", "", Use::compound},
    Irregular{"alumnus", "alumni", "alumnuses", Use::compound},
    Irregular{"bacillus", "bacilli", "", Use::compound},
    Irregular{"cactus", "cacti", "cactuses", Use::compound},
    Irregular{"coccus", "cocci", "", Use::compound},
    Irregular{"focus", "foci", "focuses", Use::compound},
    Irregular{"locus", "loci", "locuses", Use::compound},
    Irregular{"nucleus", "nuclei", "nucleuses", Use::compound},
    Irregular{"octopus", "octupuses", "octopi", Use::compound},
    Irregular{"radius", "radii", "radiuses", Use::compound},
    Irregular{"syllabus", "syllabi", "", Use::compound},
    Irregular{"corpus", "corpora", "corpuses", Use::compound},
    Irregular{"genus", "genera", "", Use::compound},
    Irregular{"alumna", "alumnae", "", Use::compound},
    Irregular{"vertebra", "vertebrae", "", Use::compound},
    Irregular{"differentia", "differentiae", "", Use::compound},
    Irregular{"minutia", "minutiae", "", Use::compound},
    Irregular{"vita", "vitae", "", Use::compound},
    Irregular{"larva", "larvae", "", Use::compound},
    Irregular{"postcava", "postcavae", "", Use::compound},
    Irregular{"praecava", "praecavae", "", Use::compound},
    Irregular{"uva", "uvae", "", Use::compound},
    Irregular{"apex", "apices", "apexes", Use::compound},
    Irregular{"codex", "codices", "codexes", Use::compound},
    Irregular{"index", "indices", "indexes", Use::compound},
    Irregular{"latex", "latices", "latexes", Use::compound},
    Irregular{"vertex", "vertices", "vertexes", Use::compound},
    Irregular{"vortex", "vortices", "vortexes", Use::compound},
    Irregular{"appendix", "appendices", "appendixes", Use::compound},
    Irregular{"radix", "radices", "radixes", Use::compound},
    Irregular{"helix", "helices", "helixes", Use::compound},
    Irregular{"axis", "axes", "", Use::exact},
    Irregular{"crisis", "crises", "", Use::compound},
    Irregular{"ellipsis", "ellipses", "", Use::one_way},
    Irregular{"genesis", "geneses", "", Use::compound},
    Irregular{"oasis", "oases", "", Use::compound},
    Irregular{"thesis", "theses", "", Use::compound},
    Irregular{"testis", "testes", "", Use::compound},
    Irregular{"base", "bases", "", Use::compound},
    Irregular{"basis", "bases", "", Use::one_way},
    Irregular{"alias", "aliases", "", Use::exact},
    Irregular{"vedalia", "vedalias", "", Use::compound},
    Irregular{"use", "uses", "", Use::exact},
    Irregular{"abuse", "abuses", "", Use::compound},
    Irregular{"cause", "causes", "", Use::compound},
    Irregular{"clause", "clauses", "", Use::compound},
    Irregular{"cruse", "cruses", "", Use::compound},
    Irregular{"excuse", "excuses", "", Use::compound},
    Irregular{"fuse", "fuses", "", Use::compound},
    Irregular{"house", "houses", "", Use::compound},
    Irregular{"misuse", "misuses", "", Use::compound},
    Irregular{"muse", "muses", "", Use::compound},
    Irregular{"pause", "pauses", "", Use::compound},
    Irregular{"ache", "aches", "", Use::compound},
    Irregular{"topaz", "topazes", "", Use::compound},
    Irregular{"buffalo", "buffaloes", "buffalos", Use::compound},
    Irregular{"potato", "potatoes", "", Use::compound},
    Irregular{"tomato", "tomatoes", "", Use::compound},
    Irregular{"equipment", "equipment", "", Use::compound},
    Irregular{"information", "information", "", Use::compound},
    Irregular{"jeans", "jeans", "", Use::compound},
    Irregular{"money", "money", "", Use::compound},
    Irregular{"news", "news", "", Use::compound},
    Irregular{"rice", "rice", "", Use::compound},
    Irregular{"dwarf", "dwarfs", "dwarves", Use::compound},
    Irregular{"hoof", "hoofs", "hooves", Use::compound},
    Irregular{"thief", "thieves", "", Use::compound},
    Irregular{"chive", "chives", "", Use::compound},
    Irregular{"hive", "hives", "", Use::compound},
    Irregular{"move", "moves", "", Use::compound},
    Irregular{"movie", "movies", "", Use::compound},
    Irregular{"cookie", "cookies", "", Use::compound},
    Irregular{"pretorium", "pretoriums", "", Use::compound},
    Irregular{"agenda", "agendas", "", Use::compound},
    Irregular{"formula", "formulas", "formulae", Use::compound},
    Irregular{"shoe", "shoes", "", Use::compound},
    Irregular{"toe", "toes", "", Use::exact},
    Irregular{"graffiti", "graffiti", "", Use::compound},
};

// The first that fits decides.
constexpr std::array suffixes = {
    Suffix{"tive", "tives"},      Suffix{"eaf", "eaves"},   Suffix{"oaf", "oaves"},
    Suffix{"afe", "aves"},        Suffix{"arf", "arves"},   Suffix{"rfe", "rves"},
    Suffix{"rf", "rves"},         Suffix{"lf", "lves"},     Suffix{"fe", "ves"},
    Suffix{"ay", "ays"},          Suffix{"ey", "eys"},      Suffix{"oy", "oys"},
    Suffix{"quy", "quies"},       Suffix{"uy", "uys"},      Suffix{"y", "ies"},
    Suffix{"eau", "eaux"},        Suffix{"bula", "bulae"},  Suffix{"dula", "bulae"},
    Suffix{"lula", "bulae"},      Suffix{"nula", "bulae"},  Suffix{"vula", "bulae"},
    Suffix{"hedron", "hedra"},    Suffix{"ium", "ia"},      Suffix{"seum", "seums"},
    Suffix{"eum", "ea"},          Suffix{"oum", "oa"},      Suffix{"stracum", "straca"},
    Suffix{"dum", "da"},          Suffix{"elum", "ela"},    Suffix{"ilum", "ila"},
    Suffix{"olum", "ola"},        Suffix{"ulum", "ula"},    Suffix{"llum", "lla"},
    Suffix{"ylum", "yla"},        Suffix{"imum", "ima"},    Suffix{"ernum", "erna"},
    Suffix{"gnum", "gna"},        Suffix{"brum", "bra"},    Suffix{"crum", "cra"},
    Suffix{"terum", "tera"},      Suffix{"serum", "sera"},  Suffix{"trum", "tra"},
    Suffix{"antum", "anta"},      Suffix{"atum", "ata"},    Suffix{"entum", "enta"},
    Suffix{"etum", "eta"},        Suffix{"itum", "ita"},    Suffix{"otum", "ota"},
    Suffix{"utum", "uta"},        Suffix{"ctum", "cta"},    Suffix{"ovum", "ova"},
    Suffix{"trix", "trices"},     Suffix{"iasis", "iases"}, Suffix{"mesis", "meses"},
    Suffix{"kinesis", "kineses"}, Suffix{"resis", "reses"}, Suffix{"gnosis", "gnoses"},
    Suffix{"opsis", "opses"},     Suffix{"ysis", "yses"},   Suffix{"ouse", "ouses"},
    Suffix{"lause", "lauses"},    Suffix{"us", "uses"},     Suffix{"ch", "ches"},
    Suffix{"io", "ios"},          Suffix{"sh", "shes"},     Suffix{"ss", "sses"},
    Suffix{"ez", "ezzes"},        Suffix{"iz", "izzes"},    Suffix{"tz", "tzes"},
    Suffix{"zz", "zzes"},         Suffix{"ano", "anos"},    Suffix{"lo", "los"},
    Suffix{"to", "tos"},          Suffix{"oo", "oos"},      Suffix{"o", "oes"},
    Suffix{"x", "xes"},
};

// Acronyms whose plural the rules below would miss: they get a plain s, or es behind an s.
constexpr std::array<std::string_view, 15> acronyms = {"aes", "bss",  "cmos", "des",   "dns",
                                                       "eia", "ess",  "fcs",  "https", "ids",
                                                       "ips", "mpls", "pots", "ssh",   "tia"};

std::string with_suffix(std::string_view word, std::string_view suffix, std::string_view plural) {
    std::string out(word.substr(0, word.size() - suffix.size()));
    out += plural;
    return out;
}

}  // namespace

std::string pluralize(std::string_view word) {
    if (word.empty()) {
        return {};
    }
    if (std::ranges::find(acronyms, word) != acronyms.end()) {
        return std::string(word) + (word.ends_with('s') ? "es" : "s");
    }
    for (const Irregular& irregular : irregulars) {
        if (word == irregular.singular) {
            return std::string(irregular.plural);
        }
    }
    for (const Irregular& irregular : irregulars) {
        const bool is_plural = irregular.use != Use::one_way &&
                               (word == irregular.plural || word == irregular.alternative);
        if (is_plural) {
            return std::string(word);
        }
    }
    // Later words of the table come first, as they were added last; a plural stays as it is.
    for (auto irregular = irregulars.rbegin(); irregular != irregulars.rend(); ++irregular) {
        if (irregular->use == Use::exact) {
            continue;
        }
        if (word.ends_with(irregular->plural)) {
            return std::string(word);
        }
        if (word.ends_with(irregular->singular)) {
            return with_suffix(word, irregular->singular, irregular->plural);
        }
    }
    for (const Suffix& suffix : suffixes) {
        if (word.ends_with(suffix.plural)) {
            return std::string(word);
        }
        if (word.ends_with(suffix.singular)) {
            return with_suffix(word, suffix.singular, suffix.plural);
        }
    }
    if (word.ends_with('s')) {
        return std::string(word);
    }
    return std::string(word) + "s";
}

}  // namespace weft::graph
