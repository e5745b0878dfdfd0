import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { readConfig } from "../lib/config.ts";
import "./globals.css";

export function generateMetadata(): Metadata {
  const { title, badge } = readConfig();
  return { title: badge ? `${title} (${badge})` : title, description: "A todo list with an assistant" };
}

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f5f3ee" },
    { media: "(prefers-color-scheme: dark)", color: "#14171a" },
  ],
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
