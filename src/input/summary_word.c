/* SPDX-License-Identifier: Apache-2.0 */
#include "input/row_filter.h"

/* Small letters without points, strokes as blanks: "Std.-Abw.:" is "std abw". Letters of Latin-1
 * in UTF-8 as well. 0 = longer than any such word. */
static size_t fold_word(hb_str s, char *out, size_t room)
{
    size_t n = 0;
    s = hb_str_trim(s);
    while (s.n && (s.p[s.n - 1] == ':' || s.p[s.n - 1] == '.' || s.p[s.n - 1] == '=')) {
        s.n--;
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool upper = (c >= 'A' && c <= 'Z') ||
                     (i > 0 && (unsigned char)s.p[i - 1] == 0xc3 && c >= 0x80 && c <= 0x9e);
        if (c == '.') {
            continue;
        }
        c = c == '-' || c == '_' ? ' ' : (unsigned char)(c + (upper ? 0x20 : 0));
        if (c == ' ' && n && out[n - 1] == ' ') {
            continue;
        }
        if (n == room) {
            return 0;
        }
        out[n++] = (char)c;
    }
    return n;
}

bool hb_is_summary_word(hb_str text)
{
    static const char *const words[] = {
        /* English */
        "min",
        "minimum",
        "max",
        "maximum",
        "mean",
        "average",
        "avg",
        "median",
        "std",
        "stdev",
        "std dev",
        "sd",
        "stddev",
        "standard deviation",
        "sum",
        "total",
        "count",
        "n",
        "range",
        "rms",
        "variance",
        "summary",
        "end",
        "eof",
        "end of file",
        "end of data",
        /* German, Dutch, Swedish, Polish */
        "mittelwert",
        "mittel",
        "summe",
        "anzahl",
        "standardabweichung",
        "std abw",
        "stdabw",
        "spannweite",
        "gemiddelde",
        "standaardafwijking",
        "totaal",
        "medel",
        "medelv\u00e4rde",
        "standardavvikelse",
        "summa",
        "\u015brednia",
        "\u015arednia",
        "suma",
        "odchylenie standardowe",
        /* French, Italian, Spanish, Portuguese */
        "moyenne",
        "somme",
        "ecart type",
        "\u00e9cart type",
        "media",
        "promedio",
        "deviazione standard",
        "dev std",
        "somma",
        "totale",
        "desviaci\u00f3n est\u00e1ndar",
        "desv est",
        "m\u00ednimo",
        "m\u00e1ximo",
        "m\u00edn",
        "m\u00e1x",
        "minimo",
        "massimo",
        "m\u00e9dia",
        "desvio padr\u00e3o",
        "soma",
    };
    char folded[32];
    size_t n = fold_word(text, folded, sizeof folded);
    for (size_t i = 0; n && i < sizeof words / sizeof *words; i++) {
        if (hb_str_eq_c((hb_str){folded, n}, words[i])) {
            return true;
        }
    }
    return false;
}
