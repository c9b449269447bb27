module weft.example.com/testing

go 1.24
