# Terminal output (UTF-8, with SGR colours) on standard input becomes an SVG on standard output: a picture for a README that shows
# what the program really printed.
#
#   script -qec 'wavetank run scenarios/demo.yaml' /dev/null | awk -f viz/terminal-picture.awk > viz/pictures/demo.svg
function escape(text) {
  gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text)
  return text
}
# One run of text in the present style.
function span(text,   style) {
  if (text == "") return ""
  style = ""
  if (colour != "") style = style " fill=\"" colour "\""
  if (bold) style = style " font-weight=\"bold\""
  if (dim) style = style " opacity=\"0.6\""
  return "<tspan" style ">" escape(text) "</tspan>"
}
function set_style(codes,   n, part, i) {
  n = split(codes, part, ";")
  if (codes == "") { n = 1; part[1] = "0" }
  for (i = 1; i <= n; ++i) {
    if (part[i] == "0") { colour = ""; bold = 0; dim = 0 }
    else if (part[i] == "1") bold = 1
    else if (part[i] == "2") dim = 1
    else if (part[i] == "22") { bold = 0; dim = 0 }
    else if (part[i] == "39") colour = ""
    else if (part[i] in palette) colour = palette[part[i]]
  }
}
BEGIN {
  palette[31] = "#ff7b72"; palette[32] = "#7ee787"; palette[33] = "#e3b341"; palette[34] = "#79c0ff"; palette[35] = "#d2a8ff"
  palette[36] = "#76e3ea"; palette[90] = "#8b949e"
}
{
  sub(/\r+$/, "")
  sub(/^.*\r/, "")  # what a progress bar showed was written over
  gsub(/\033\[[0-9;]*K/, "")
  line = ""
  rest = $0
  while (match(rest, /\033\[[0-9;]*m/)) {
    line = line span(substr(rest, 1, RSTART - 1))
    set_style(substr(rest, RSTART + 2, RLENGTH - 3))
    rest = substr(rest, RSTART + RLENGTH)
  }
  lines[++count] = line span(rest)
}
END {
  while (count > 0 && lines[count] == "") --count
  height = count * 18 + 32
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 %d\" width=\"860\" height=\"%d\" role=\"img\">\n", height, height
  print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>"
  print "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13.5\" fill=\"#e6edf3\" xml:space=\"preserve\">"
  for (i = 1; i <= count; ++i) printf "<text x=\"20\" y=\"%d\">%s</text>\n", i * 18 + 14, lines[i]
  print "</g>\n</svg>"
}
