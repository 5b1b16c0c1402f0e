/** What the shop writes on its `<script>` line; docs/widget.md explains each. */
export interface Config {
  language?: string;
  theme?: "auto" | "light" | "dark";
  position?: "left" | "right";
  identityUrl?: string;
  stringsUrl?: string;
  imageHosts?: string;
  title?: string;
  greeting?: string;
  suggestions?: string;
  label?: string;
  cartUrl?: string;
  speech?: "on" | "off";
  // Where the customer is.
  product?: string;
  variant?: string;
  category?: string;
  order?: string;
  search?: string;
}
